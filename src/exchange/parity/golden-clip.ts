import { Clip } from '../../core/clip/clip.js'
import { configured } from '../../core/model-reference.js'
import { tensorsOf } from '../../core/weights/clip-tensors.js'
import { openClip } from '../../node/weights/load-clip.js'
import { loadTokenizer } from '../../node/weights/tokenizer-files.js'
import { unpackInto, withTemporaryFolder } from './golden-files.js'

/**
 * Opens a model at a path, for clips of so many frames or for pictures, hands it to `use` and closes it.
 * Throws WeightsError when it is missing or damaged.
 */
export async function withClip<T>(
  path: string,
  use: (clip: Clip) => Promise<T>,
  { frames }: { readonly frames?: number | undefined } = {},
): Promise<T> {
  const { config: own, weights, tokenizerFolder, close } = await openClip(path)
  try {
    const config = configured(own, { frames })
    const { contextLength } = config.text
    const tokenizer = await loadTokenizer(tokenizerFolder, { contextLength })
    return await use(new Clip({ config, tokenizer, name: path, tensors: tensorsOf(weights) }))
  } finally {
    await close()
  }
}

/** The same for a packed weight file. */
export function withPackedClip<T>(
  path: string,
  use: (clip: Clip) => Promise<T>,
  options: { readonly frames?: number | undefined } = {},
): Promise<T> {
  return withTemporaryFolder(async (folder) => withClip(await unpackInto(folder, path), use, options))
}
