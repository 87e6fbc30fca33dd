import type { Clip } from '../core/clip/clip.js'
import { ConfigError } from '../core/errors.js'
import { configure, methodNamed, methods } from '../core/methods/registry.js'
import { nearestNames } from '../core/suggest.js'
import { resolveSettings, type SettingsInput } from '../core/train/settings.js'
import { Trainer } from '../core/train/trainer.js'
import { type TrainingCost, trainingCost } from '../core/train/training-cost.js'

/** The methods of `--fast`: those that learn from frozen features, with no gradient through the towers. */
export const fastMethods = (): string[] =>
  Object.values(methods).flatMap(({ name, learning = 'images', trainsWeights }) =>
    learning === 'images' || learning === 'texts' || trainsWeights ? [] : [name],
  )

/** The method of `--fast` alone: the one of them that still knows classes that are added (docs/performance.md). */
export const fastDefault = 'prolip'

/** Augmented views of every image: methods’ own numbers gain nothing on the embedded data (docs/performance.md). */
const VIEWS = 2

/** Settings of a method of `--fast`. */
export function fastSettings(method: string): Required<Pick<SettingsInput, 'method' | 'methodOptions'>> {
  const hasViews = 'views' in methodNamed(method).options.shape
  return { method, methodOptions: hasViews ? { views: VIEWS } : {} }
}

/**
 * What `--fast` names, and the data where its value is none of the methods: `--fast photos` is `--fast` with data.
 *
 * @throws ConfigError for a name that is neither
 */
export function fastFrom(
  fast: string | boolean | undefined,
  data: string | undefined,
): { readonly fast: string | undefined; readonly data: string | undefined } {
  if (fast === undefined || fast === false) return { fast: undefined, data }
  if (fast === true) return { fast: fastDefault, data }
  const names = fastMethods()
  if (names.includes(fast)) return { fast, data }
  if (data === undefined) return { fast: fastDefault, data: fast }
  const nearest = nearestNames(fast, names)
  const suggestion = nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}? ` : ''
  throw new ConfigError(`--fast ${fast}: expected one of ${names.join(', ')}, or nothing`, {
    hint: `${suggestion}Alone it is ${fastDefault}.`,
  })
}

/** What `--fast` would take for a run. */
export async function fastCost(
  clip: Clip,
  { classNames, images }: { readonly classNames: readonly string[]; readonly images: number },
): Promise<TrainingCost> {
  const { method: name, methodOptions, epochs } = resolveSettings(fastSettings(fastDefault), clip)
  const method = configure({ method: methodNamed(name), methodOptions, classNames }, clip)
  const step = await Trainer.plan({ method, batchSize: images })
  return trainingCost({ method, step, examples: images, stepsPerEpoch: 1, epochsLeft: epochs })
}
