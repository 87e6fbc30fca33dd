import { methodNamed } from '../../core/methods/registry.js'
import { type SettingsInput, scaledGaussian } from '../../core/train/settings.js'
import { readConfig } from '../../exchange/configs/config.js'
import { hasSource, type Protocol } from './protocol.js'

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

/** Data sets whose few-shot runs aggregate late and narrowly (PromptSRC's few-shot file, its commented half). */
const LATE_AGGREGATION = ['StanfordCars', 'OxfordFlowers', 'FGVCAircraft', 'DescribableTextures', 'EuroSAT']

/**
 * Settings of a training as the reference's scripts choose them by protocol, method, data set and shots; those of a
 * method that the reference does not have are its own defaults.
 *
 * Where the number of epochs is another than the published one, the Gaussian of the aggregation moves along.
 */
export async function protocolSettings(context: SettingsContext): Promise<SettingsInput> {
  const { method, own = {}, overrides = {} } = context
  const name = publishedName(context)
  const published: SettingsInput = name ? (await readConfig([name], { method })).settings : { method }
  const changed = { ...own, ...overrides }
  const methodOptions = {
    ...published.methodOptions,
    ...scaledGaussian(published, changed.epochs),
    ...own.methodOptions,
  }
  return { ...published, ...changed, methodOptions }
}

/** The published configuration that the reference's scripts use; undefined where there is none. */
function publishedName({ protocol, method, source, shots }: SettingsContext): string | undefined {
  const across = hasSource(protocol)
  switch (methodNamed(method).name) {
    case 'promptsrc': {
      if (across) return 'promptsrc/vit_b16_c2_ep20_batch4_4+4ctx_cross_datasets'
      if (protocol === 'base-to-novel') return 'promptsrc/vit_b16_c2_ep20_batch4_4+4ctx'
      const fewShot = 'promptsrc/vit_b16_c2_ep50_batch4_4+4ctx_few_shot'
      return LATE_AGGREGATION.includes(source) ? `${fewShot}_gpa45` : fewShot
    }
    case 'ivlp':
      return 'ivlp/vit_b16_c2_ep20_batch4_4+4ctx'
    case 'maple':
      return across ? 'maple/vit_b16_c2_ep5_batch4_2ctx_cross_datasets' : 'maple/vit_b16_c2_ep5_batch4_2ctx'
    case 'cocoop':
      return 'cocoop/vit_b16_c4_ep10_batch1_ctxv1'
    case 'coop':
      return protocol === 'few-shot' ? `coop/vit_b16${coopEpochs(source, shots)}` : 'coop/vit_b16_ep50_ctxv1'
    default:
      return undefined
  }
}

/** CoOp trains longer on more shots (its paper, section 4.1): 50 epochs with 1, 100 with 2 or 4, else 200; ImageNet 50. */
function coopEpochs(source: string, shots: number): string {
  if (source === 'ImageNet' || shots === 1) return '_ep50'
  return shots <= 4 ? '_ep100' : ''
}
