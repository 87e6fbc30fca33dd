import { methodNamed } from '../../core/methods/registry.js'
import { type SettingsInput, scaledGaussian } from '../../core/train/settings.js'
import type { Protocol } from './protocol.js'

/** What decides which published configuration a training has. */
export interface SettingsContext {
  readonly protocol: Protocol
  readonly method: string
  /** Data set that is trained on, as the reference names it. */
  readonly source: string
  readonly shots: number
  /** Settings that model and data have of their own, in place of published ones (docs/toy-world.md). */
  readonly own?: Omit<SettingsInput, 'method'>
  /** What the user sets for all trainings. */
  readonly overrides?: Pick<SettingsInput, 'epochs' | 'batchSize' | 'learningRate'>
}

/**
 * Settings of a training as its method publishes them by protocol, data set and shots, or its own defaults.
 *
 * Where the number of epochs is another than the published one, the Gaussian of the aggregation moves along.
 */
export function protocolSettings(context: SettingsContext): SettingsInput {
  const { method, own = {}, overrides = {} } = context
  const published: SettingsInput = { method, ...methodNamed(method).published?.(context) }
  const changed = { ...own, ...overrides }
  const methodOptions = {
    ...published.methodOptions,
    ...scaledGaussian(published, changed.epochs),
    ...own.methodOptions,
  }
  return { ...published, ...changed, methodOptions }
}
