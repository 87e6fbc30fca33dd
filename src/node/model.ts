import { Clip } from '../core/clip/clip.js'
import { checkTokenizer, type Model } from '../core/model.js'
import { configured, guessedActivation, type StatedByCaller } from '../core/model-reference.js'
import type { Tokenizer } from '../core/tokenizer/tokenizer.js'
import { tensorsOf } from '../core/weights/clip-tensors.js'
import { hashCache } from './cache/hash-cache.js'
import { keptWeights } from './cache/kept-weights.js'
import { modelCaches } from './cache/model-caches.js'
import { openCache } from './cache/open-cache.js'
import { openAiModels } from './hub/openai-models.js'
import { type DownloadProgress, type ResolvedModel, resolveModel } from './hub/resolve-model.js'
import { type OpenRuntimeOptions, openRuntime } from './runtime/open-runtime.js'
import { type ClipWeights, openClip } from './weights/load-clip.js'
import { loadTokenizer } from './weights/tokenizer-files.js'

/** Options of {@link loadModel}. */
export interface LoadModelOptions extends Omit<OpenRuntimeOptions, 'prepack'>, StatedByCaller {
  /** Download progress. */
  readonly onProgress?: (event: DownloadProgress) => void
  readonly signal?: AbortSignal
}

/**
 * Loads a CLIP model: `tiny` (inside the package), a local file or folder, an OpenAI name such as `ViT-B/16`, or a
 * Hugging Face repository such as `openai/clip-vit-base-patch16`; the last two are downloaded on first use.
 *
 * @throws ConfigError for an unknown name, ComputeError for a device that cannot be had, WeightsError for damaged files, UserError when a download fails
 */
export async function loadModel(name: string, options: LoadModelOptions = {}): Promise<Model> {
  const { signal, onProgress, activation, pixels, frames, ...runtimeOptions } = options
  const cache = openCache()
  const resolved = await resolveModel(name, {
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  const opened = await openClip(resolved.path)
  const { weights, tokenizerFolder, contentHash, close } = opened
  const config = configured(opened.config, { activation, pixels, frames })
  const { contextLength } = config.text
  const hash = () => contentHash(cache && hashCache(cache))
  let tokenizer: Tokenizer
  try {
    tokenizer = await loadTokenizer(tokenizerFolder, { contextLength })
    checkTokenizer(tokenizer, config, resolved.path)
    if (!activation) await warnOfGuess(opened, resolved, hash)
  } catch (error) {
    await close()
    throw error
  }
  const tensors = tensorsOf(weights)
  const clip = new Clip({ config, tokenizer, name, tensors })
  const kept = cache && keptWeights(cache, tensors, hash)
  const runtime = await openRuntime(runtimeOptions, kept).catch(async (error: unknown) => {
    await close()
    throw error
  })
  const closeAll = async () => {
    await runtime.close()
    await close()
    await cache?.settled()
  }
  return {
    clip,
    runtime,
    name,
    source: resolved.path,
    activation,
    hash,
    caches: cache && modelCaches(cache, { clip, runtime, hash }),
    close: closeAll,
    [Symbol.asyncDispose]: closeAll,
  }
}

const warned = new Set<string>()

/**
 * Warns once where nothing says which activation a model has. OpenAI's own files are known by their hashes.
 */
async function warnOfGuess(
  { config, naming, activationStated, source }: ClipWeights,
  { kind }: ResolvedModel,
  hash: () => Promise<string>,
): Promise<void> {
  if (activationStated || kind === 'openai' || warned.has(source)) return
  if (naming === 'openai') {
    const sha256 = await hash()
    if (openAiModels.some((model) => model.sha256 === sha256)) return
  }
  warned.add(source)
  process.emitWarning(
    `${guessedActivation(config, source)}. State it by --activation, or by the option activation in code`,
    'ModelWarning',
  )
}
