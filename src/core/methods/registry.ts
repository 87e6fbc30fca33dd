import type { Clip } from '../clip/clip.js'
import { mergedClip } from '../clip/merged-clip.js'
import { ConfigError } from '../errors.js'
import { clipLora } from './clip-lora.js'
import { cocoop } from './cocoop.js'
import { coop } from './coop.js'
import { bitFit, fineTune } from './fine-tune.js'
import { gda } from './gda.js'
import { ivlp } from './ivlp.js'
import { kgcoop } from './kgcoop.js'
import { maple } from './maple.js'
import type { ConfiguredMethod, Method } from './method.js'
import { mmrlpp } from './mmrlpp.js'
import { proda } from './proda.js'
import { prolip } from './prolip.js'
import { promptSrc, regulated } from './promptsrc.js'
import { protext } from './protext.js'
import { skipTuning } from './skip-tuning.js'
import { tcp } from './tcp.js'
import { tipAdapterF, tipAdapterFree } from './tip-adapter.js'
import { twoStage } from './two-stage.js'

const registered: Record<string, Method> = {}

/** The methods by name, those that were registered later included. */
export const methods: Readonly<Record<string, Method>> = registered

/**
 * Adds a method, which is then known by its name to training, evaluation, comparisons, benchmarks and the command line.
 * To have the regulators as options, too, register `regulated(method)`.
 *
 * @throws ConfigError where the name is taken
 */
export function registerMethod(method: Method): void {
  if (Object.hasOwn(registered, method.name)) {
    throw new ConfigError(`there is a method "${method.name}" already (${registered[method.name]!.title})`, {
      hint: 'Give the new one another name.',
    })
  }
  registered[method.name] = method
}

for (const method of [
  promptSrc,
  regulated(ivlp),
  regulated(maple),
  regulated(cocoop),
  regulated(coop),
  regulated(proda),
  kgcoop,
  tcp,
  mmrlpp,
  twoStage,
  clipLora,
  fineTune,
  bitFit,
  skipTuning,
  protext,
  prolip,
  tipAdapterFree,
  tipAdapterF,
  gda,
]) {
  registerMethod(method)
}

/** The method of that name. Throws ConfigError when there is none. */
export function methodNamed(name: string): Method {
  if (Object.hasOwn(methods, name)) return methods[name]!
  throw new ConfigError(`unknown method "${name}"; there are ${Object.keys(methods).join(', ')}`, {
    hint: 'Choose one of them with --method.',
  })
}

/** A method with its options and the classes it is trained on, as settings and files hold them. */
export interface MethodChoice {
  readonly method: Method
  readonly methodOptions: Readonly<Record<string, unknown>>
  readonly classNames: readonly string[]
}

/**
 * The method configured for a model.
 *
 * @throws ConfigError where options and model do not go together
 */
export function configure({ method, methodOptions, classNames }: MethodChoice, clip: Clip): ConfiguredMethod {
  return {
    ...method.configure(methodOptions, clip, classNames),
    method,
    options: methodOptions,
    clip,
    classNames,
  }
}

/**
 * The method as it classifies: configured for the CLIP that has the weights that it learned, where it trains CLIP's own. Of
 * any other method this is the method itself.
 */
export function withLearnedWeights(
  configured: ConfiguredMethod,
  learned: ReadonlyMap<string, Float32Array>,
): ConfiguredMethod {
  const { method, options: methodOptions, classNames } = configured
  const weights = configured.weights?.(learned)
  return weights
    ? configure({ method, methodOptions, classNames }, mergedClip(configured.clip, weights))
    : configured
}
