import { methodNamed } from '../../core/methods/registry.js'
import { emojiProtocols } from '../../core/world/emoji/protocols.js'
import { type Protocols, toyProtocols } from '../../core/world/protocols.js'
import { modelOfWorld, type World, worldOf } from '../../core/world/worlds.js'
import type { EntrySettings } from './entries.js'
import { type DataGroup, NO_SHOTS, SHOTS } from './protocol-data.js'

/** Whether a data set is a drawn one. */
export const isDrawn = (dataset: string): boolean => worldOf(dataset) !== undefined

/** The world that model and data are both of: then they are the embedded ones, for which settings were chosen. */
export function embeddedWorld(model: string, dataset: string): World | undefined {
  const world = worldOf(dataset)
  return world && modelOfWorld[world] === model ? world : undefined
}

/**
 * Weights of the three agreement terms in the toy world. The published ones regulate the tiny model harder than
 * ViT-B/16, since the L1 terms are means over 128 instead of 512 entries of unit vectors and the KL term is divided by
 * 12 classes instead of some fifty (docs/toy-world.md).
 */
export const embeddedWeights = { textLossWeight: 6, imageLossWeight: 2.5, logitsLossWeight: 0.25 }

/**
 * Settings on the embedded data: every method makes the same number of steps of the same size, so that methods are
 * compared and not budgets; chosen for IVLP and PromptSRC on other seeds than are reported (docs/toy-world.md). Methods
 * that learn from frozen features keep their own settings, those that train CLIP's weights their learning rates, and the agreement terms their published weights in the emoji world.
 */
export function embeddedSettings(name: string, world: World = 'toy'): EntrySettings {
  const method = methodNamed(name)
  if ((method.learning ?? 'images') !== 'images' && !method.trainsWeights) return {}
  const options = method.options.parse({}) as Partial<typeof embeddedWeights>
  return {
    epochs: 10,
    batchSize: 4,
    ...(method.trainsWeights ? {} : { learningRate: 0.0005 }),
    ...(world === 'toy' && (options.textLossWeight ?? 0) > 0 ? { methodOptions: embeddedWeights } : {}),
  }
}

/** {@link embeddedSettings} where model and data are the embedded ones, for plans of benchmarks. */
export function ownSettings(model: string, dataset: string, method: string): EntrySettings | undefined {
  const world = embeddedWorld(model, dataset)
  return world && embeddedSettings(method, world)
}

const groupOf = (protocols: Protocols): DataGroup => ({
  'base-to-novel': { ...protocols['base-to-novel'], shots: SHOTS },
  'cross-dataset': transfer(protocols['cross-dataset']),
  'domain-generalization': transfer(protocols['domain-generalization']),
  'few-shot': protocols['few-shot'],
  'fully-supervised': { datasets: protocols['few-shot'].datasets, shots: NO_SHOTS },
  'text-only': { ...protocols['base-to-novel'], shots: NO_SHOTS },
})

/** The data of every protocol in the toy world. */
export const toyGroup: DataGroup = groupOf(toyProtocols)

/** The data of every protocol in the emoji world, by the names that `--datasets` has for them. */
export const emojiGroups: Readonly<Record<string, DataGroup>> = {
  emoji: groupOf(emojiProtocols()),
  'emoji-disjoint': groupOf(emojiProtocols(0, 'disjoint')),
}

function transfer({ source, targets }: { source: string; targets: readonly string[] }) {
  return { source, datasets: targets, shots: SHOTS }
}
