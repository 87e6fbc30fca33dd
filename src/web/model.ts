import { Clip } from '../core/clip/clip.js'
import { Sha256, sha256 } from '../core/hash.js'
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
import { filesOf, type ModelFiles, type ModelFilesOptions } from './model-files.js'
import { webRuntime } from './runtime.js'

/** Options of {@link loadModel}. */
export interface LoadModelOptions extends ModelFilesOptions, StatedByCaller {
  /** Where graphs are computed. Default: `webRuntime()`. The model closes it. */
  readonly runtime?: Runtime
  /** Name by which trained prompts remember the model. Default: the address, or the name of the weight file. */
  readonly name?: string
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
        hash ??= hashOf(source)
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

/** Read at once to be hashed by WebCrypto, which takes bytes as a whole; larger files in parts of this size. */
const HASHED_AT_ONCE = 2 ** 26

/** Of a kept file the hash is known. */
async function hashOf(source: ByteSource & { readonly sha256?: string }): Promise<string> {
  const { size } = source
  if (source.sha256 !== undefined) return source.sha256
  if (size <= HASHED_AT_ONCE) return sha256([await readBytes(source, 0, size)])
  const hash = new Sha256()
  for (let at = 0; at < size; at += HASHED_AT_ONCE) {
    hash.update(await readBytes(source, at, Math.min(HASHED_AT_ONCE, size - at)))
  }
  return hash.hex()
}
