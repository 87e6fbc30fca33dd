import { Clip } from '../core/clip/clip.js'
import { UserError } from '../core/errors.js'
import { checkTokenizer, type Model } from '../core/model.js'
import { configured, guessedActivation, type StatedByCaller } from '../core/model-reference.js'
import type { Runtime } from '../core/runtime/session.js'
import { createTokenizer } from '../core/tokenizer/tokenizer.js'
import { type ByteSource, readBytes } from '../core/weights/byte-source.js'
import { inferClipConfig } from '../core/weights/clip-config.js'
import { tensorsOf } from '../core/weights/clip-tensors.js'
import { statedConfigs } from '../core/weights/configs.js'
import { canonicalWeights } from '../core/weights/names.js'
import { safetensorsOf } from '../core/weights/safetensors.js'
import { filesOf, type ModelFiles, type TokenizerFiles } from './model-files.js'
import { webRuntime } from './runtime.js'
import type { UrlSourceOptions } from './url-source.js'

/** Options of {@link loadModel}. */
export interface LoadModelOptions extends UrlSourceOptions, StatedByCaller {
  /** Where graphs are computed. Default: `webRuntime()`. The model closes it. */
  readonly runtime?: Runtime
  /** Name by which trained prompts remember the model. Default: the address, or the name of the weight file. */
  readonly name?: string
  /** For a folder that has none: a tokenizer, such as that of OpenAI's models in `assets/clip` of this package. */
  readonly tokenizer?: TokenizerFiles
}

/**
 * Loads a CLIP model in a browser. Of the weights only the beginning is read at once; the rest follows when a graph
 * needs it, each byte one time.
 *
 * @param model the address of a folder (`model.safetensors` or `open_clip_model.safetensors` with its configuration
 *   and tokenizer), the address of a weight file in such a folder, or the files one by one
 * @throws WeightsError when a file cannot be fetched, is damaged or of another architecture, naming its address, what
 *   was answered and what was expected
 */
export async function loadModel(
  model: string | URL | ModelFiles,
  options: LoadModelOptions = {},
): Promise<Model> {
  const files = filesOf(model, options)
  const source = await files.weights()
  try {
    const { entries, naming } = canonicalWeights(await safetensorsOf(source))
    const stated = await statedConfigs(naming, (name) => files.config(name))
    const config = configured(inferClipConfig({ entries, naming }, source.name, stated), options)
    if (!options.activation && stated.every(({ activation }) => activation === undefined)) {
      console.warn(`${guessedActivation(config, source.name)}. State it by the option activation.`)
    }
    const tokenizer = createTokenizer(await files.vocabulary(), { contextLength: config.text.contextLength })
    checkTokenizer(tokenizer, config, source.name)
    const close = () => source.close()
    const tensors = tensorsOf({ entries, source: source.name, close })
    const { name = source.name, runtime = webRuntime() } = options
    const closeAll = async () => {
      await runtime.close()
      await close()
    }
    let hash: Promise<string> | undefined
    return {
      clip: new Clip({ config, tokenizer, name, tensors }),
      runtime,
      name,
      source: source.name,
      activation: options.activation,
      hash() {
        hash ??= sha256(source)
        return hash
      },
      close: closeAll,
      [Symbol.asyncDispose]: closeAll,
    }
  } catch (error) {
    await source.close()
    throw error
  }
}

/** Browsers hash what is in memory: all of the file is, for that moment. */
async function sha256(source: ByteSource): Promise<string> {
  const { subtle } = globalThis.crypto as Partial<Crypto>
  if (!subtle) {
    throw new UserError(`${source.name}: the weights cannot be hashed, as this page is not served by https`, {
      hint: 'Serve the page by https, or from localhost.',
    })
  }
  const bytes = await readBytes(source, 0, source.size)
  const digest = await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
