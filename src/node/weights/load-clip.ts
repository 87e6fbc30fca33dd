import type { ClipConfig } from '../../core/clip/config.js'
import { inferClipConfig } from '../../core/weights/clip-config.js'
import { statedConfigs } from '../../core/weights/configs.js'
import { canonicalWeights, type Naming } from '../../core/weights/names.js'
import type { StateDict } from '../../core/weights/state-dict.js'
import { contentHash, type KnownHashes } from './content-hash.js'
import { readJsonFile } from './json-file.js'
import { findModelFiles } from './model-folder.js'
import { openWeights } from './open-weights.js'

/** A CLIP model on disk, opened. */
export interface ClipWeights {
  readonly config: ClipConfig
  /** Who named the tensors. */
  readonly naming: Naming
  /** Whether a configuration file says which activation it is; else that of the naming's usual models was taken. */
  readonly activationStated: boolean
  /** In the names and layouts of OpenAI's state dict; every tensor's shape fits `config`. */
  readonly weights: StateDict
  /** The folder with the model's own tokenizer, if it has one. */
  readonly tokenizerFolder: string | undefined
  /** The weight file (or the index of several). */
  readonly source: string
  /** SHA-256 of the weight file's bytes, hexadecimal; files that `known` remembers are not read. */
  contentHash(known?: KnownHashes): Promise<string>
  close(): Promise<void>
}

/**
 * Opens a CLIP model of any origin: a weight file (OpenAI's TorchScript archive, a PyTorch state dict or checkpoint,
 * safetensors; told by content), or a folder of Hugging Face or open_clip with its configuration. No tensor is read
 * yet. Close it after use.
 *
 * @throws WeightsError when the model is missing, damaged or of another architecture
 */
export async function openClip(path: string): Promise<ClipWeights> {
  const files = await findModelFiles(path)
  const opened = await openWeights(files.weights)
  try {
    const canonical = canonicalWeights(opened)
    const stated = await statedConfigs(canonical.naming, async (name) => {
      const path = files.configs.get(name)
      return path === undefined ? undefined : { path, json: await readJsonFile(path) }
    })
    return {
      config: inferClipConfig(canonical, opened.source, stated),
      naming: canonical.naming,
      activationStated: stated.some(({ activation }) => activation !== undefined),
      weights: { entries: canonical.entries, source: opened.source, close: opened.close },
      tokenizerFolder: files.tokenizerFolder,
      source: opened.source,
      contentHash: (known) => contentHash(opened.files, known),
      close: opened.close,
    }
  } catch (error) {
    await opened.close()
    throw error
  }
}
