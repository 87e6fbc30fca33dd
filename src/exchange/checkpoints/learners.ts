import { ConfigError } from '../../core/errors.js'

/** How the reference saves what a method learns. */
export interface Learner {
  /** Folder of its checkpoints, the name under which the model is registered. */
  readonly folder: string
  /** True where only the prompt learner is saved, whose tensors then lack this prefix. */
  readonly alone: boolean
}

/** Prefix of the prompt learner's tensors in a whole model. */
export const PROMPT_LEARNER = 'prompt_learner.'

const learners: Readonly<Record<string, Learner>> = {
  coop: { folder: 'prompt_learner', alone: true },
  cocoop: { folder: 'prompt_learner', alone: true },
  maple: { folder: 'MultiModalPromptLearner', alone: false },
  ivlp: { folder: 'VLPromptLearner', alone: false },
  promptsrc: { folder: 'VLPromptLearner', alone: false },
}

/** Folders of checkpoints that the reference writes. */
export const learnerFolders = [...new Set(Object.values(learners).map(({ folder }) => folder))]

/** How the reference saves a method. Throws ConfigError where it does not have the method. */
export function learnerOf(method: string): Learner {
  const learner = learners[method]
  if (learner) return learner
  throw new ConfigError(`the PyTorch reference has no method ${method}`, {
    hint: `Checkpoints of ${Object.keys(learners).join(', ')} can be read and written.`,
  })
}

/** The reference's key of a parameter. */
export const referenceKey = ({ alone }: Learner, name: string): string =>
  alone && name.startsWith(PROMPT_LEARNER) ? name.slice(PROMPT_LEARNER.length) : name
