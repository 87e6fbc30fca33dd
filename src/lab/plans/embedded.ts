import { methodNamed } from '../../core/methods/registry.js'
import { toySets } from '../../core/world/datasets.js'
import { toyProtocols } from '../../core/world/protocols.js'
import type { EntrySettings } from './entries.js'
import { type DataGroup, SHOTS } from './protocol-data.js'

/** Whether a data set is a drawn one. */
export const isDrawn = (dataset: string): boolean => Object.hasOwn(toySets, dataset)

/** Whether model and data are the embedded ones, for which published settings are no good choice. */
export const isEmbedded = (model: string, dataset: string): boolean => model === 'tiny' && isDrawn(dataset)

/**
 * Weights of the three agreement terms on the embedded data. The published ones regulate the tiny model harder than
 * ViT-B/16, since the L1 terms are means over 128 instead of 512 entries of unit vectors and the KL term is divided by
 * 12 classes instead of some fifty (docs/toy-world.md).
 */
export const embeddedWeights = { textLossWeight: 6, imageLossWeight: 2.5, logitsLossWeight: 0.25 }

/**
 * Settings on the embedded data: every method makes the same number of steps of the same size, so that methods are
 * compared and not budgets; chosen for IVLP and PromptSRC on other seeds than are reported (docs/toy-world.md). Methods
 * that learn from frozen features keep their own settings.
 */
export function embeddedSettings(name: string): EntrySettings {
  const method = methodNamed(name)
  if ((method.learning ?? 'images') !== 'images') return {}
  const options = method.options.parse({}) as Partial<typeof embeddedWeights>
  return {
    epochs: 10,
    batchSize: 4,
    learningRate: 0.0005,
    ...((options.textLossWeight ?? 0) > 0 ? { methodOptions: embeddedWeights } : {}),
  }
}

/** {@link embeddedSettings} where model and data are the embedded ones, for plans of benchmarks. */
export const ownSettings = (model: string, dataset: string, method: string): EntrySettings | undefined =>
  isEmbedded(model, dataset) ? embeddedSettings(method) : undefined

/** The data of every protocol in the toy world. */
export const toyGroup: DataGroup = {
  'base-to-novel': { ...toyProtocols['base-to-novel'], shots: SHOTS },
  'cross-dataset': transfer(toyProtocols['cross-dataset']),
  'domain-generalization': transfer(toyProtocols['domain-generalization']),
  'few-shot': toyProtocols['few-shot'],
}

function transfer({ source, targets }: { source: string; targets: readonly string[] }) {
  return { source, datasets: targets, shots: SHOTS }
}
