import { methodNamed, methods } from '../../core/methods/registry.js'
import type { SettingsInput } from '../../core/train/settings.js'
import { toySets } from '../../core/world/datasets.js'
import { baselineNamed, baselines } from '../baselines/registry.js'

/** A row of a comparison: a method with settings, trained once for every seed. */
export interface Entry {
  /** Unique among the rows; begins the names of its folders. */
  readonly label: string
  /** As readers know it. */
  readonly title: string
  /** Of the registry, or a baseline. */
  readonly method: string
  /** Departures from the method's defaults. */
  readonly settings: Omit<SettingsInput, 'method' | 'classes' | 'seed'>
}

/** Names that {@link methodEntries} takes: baselines first, then the methods of the registry. */
export const comparable = (): string[] => [...Object.keys(baselines), ...Object.keys(methods)]

/**
 * Weights of the three agreement terms on the embedded data. The published ones regulate the tiny model harder than
 * ViT-B/16, since the L1 terms are means over 128 instead of 512 entries of unit vectors and the KL term is divided by
 * 12 classes instead of some fifty (docs/toy-world.md).
 */
const embeddedWeights = { textLossWeight: 6, imageLossWeight: 2.5, logitsLossWeight: 0.25 }

/** Published weights of the three agreement terms, or those for the embedded data. */
export function agreementWeights(embedded: boolean): typeof embeddedWeights {
  if (embedded) return embeddedWeights
  const { textLossWeight, imageLossWeight, logitsLossWeight } = methods.promptsrc.options.parse({})
  return { textLossWeight, imageLossWeight, logitsLossWeight }
}

/** Whether a data set is a drawn one. */
export const isDrawn = (dataset: string): boolean => Object.hasOwn(toySets, dataset)

/** Whether model and data are the embedded ones, for which published settings are no good choice. */
export const isEmbedded = (model: string, dataset: string): boolean => model === 'tiny' && isDrawn(dataset)

/**
 * Settings on the embedded data: every method makes the same number of steps of the same size, so that methods are
 * compared and not budgets; chosen for IVLP and PromptSRC on other seeds than are reported (docs/toy-world.md).
 */
export function embeddedSettings(method: string): Entry['settings'] {
  const options = methodNamed(method).options.parse({}) as Partial<typeof embeddedWeights>
  return {
    epochs: 10,
    batchSize: 4,
    learningRate: 0.0005,
    ...((options.textLossWeight ?? 0) > 0 ? { methodOptions: embeddedWeights } : {}),
  }
}

/** Where a method departs from its defaults. */
export const settingsFor = (method: string, embedded: boolean): Entry['settings'] =>
  embedded && !baselineNamed(method) ? embeddedSettings(method) : {}

/** Rows of the given methods under their own names. Throws ConfigError for an unknown one. */
export function methodEntries(names: readonly string[], embedded: boolean): Entry[] {
  return names.map((name) => ({
    label: name,
    title: (baselineNamed(name) ?? methodNamed(name)).title,
    method: name,
    settings: settingsFor(name, embedded),
  }))
}
