import { ConfigError } from '../../core/errors.js'
import type { Reference } from '../../core/methods/reference.js'
import { methods } from '../../core/methods/registry.js'

/** Prefix of the prompt learner's tensors in a whole model. */
export const PROMPT_LEARNER = 'prompt_learner.'

const known = () => Object.values(methods).filter(({ reference }) => reference)

/** Folders of checkpoints that the reference writes. */
export const learnerFolders = (): string[] => [...new Set(known().map(({ reference }) => reference!.folder))]

/** How the reference saves a method. Throws ConfigError where it does not have the method. */
export function learnerOf(method: string): Reference {
  const found = known().find(({ name }) => name === method)
  if (found) return found.reference!
  throw new ConfigError(`the PyTorch reference has no method ${method}`, {
    hint: `Checkpoints of ${known()
      .map(({ name }) => name)
      .join(', ')} can be read and written.`,
  })
}

/** The reference's key of a parameter. */
export const referenceKey = ({ alone }: Reference, name: string): string =>
  alone && name.startsWith(PROMPT_LEARNER) ? name.slice(PROMPT_LEARNER.length) : name
