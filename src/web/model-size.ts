import { absolute, isLocation, placesOf } from './address.js'
import { fetched, MissingFileError, unlessMissing } from './fetched.js'
import { keptBytes } from './kept/kept-models.js'
import { type ModelFile, type ModelFiles, type ModelFilesOptions, weightNames } from './model-files.js'
import { sizeByHead } from './url-source.js'

/** What loading a model would download. */
export interface ModelSize {
  /** Of weights and tokenizer, in bytes; undefined where the server does not say. */
  readonly bytes: number | undefined
  /** Those of them that the browser keeps already. */
  readonly kept: number
}

/**
 * The size of a model before it is downloaded. Files that were chosen in the page count nothing. Without `keep` loading takes
 * less where a page needs a part of the weights alone.
 *
 * @throws WeightsError when it cannot be reached, or there is none
 */
export async function modelSize(
  model: string | URL | ModelFiles,
  options: Pick<ModelFilesOptions, 'tokenizer' | 'signal' | 'fetch'> = {},
): Promise<ModelSize> {
  const files = isLocation(model) ? await inFolder(absolute(model), options) : filesNamed(model)
  let bytes: number | undefined = 0
  let kept = 0
  for (const url of files) {
    const there = await keptBytes(url).catch(() => 0)
    const size: number | undefined = await sizeByHead(url.href, options).catch((error) => {
      // What is kept needs no server.
      if (there > 0 && !(error instanceof MissingFileError)) return undefined
      throw error
    })
    kept += there
    bytes = bytes === undefined || size === undefined ? undefined : bytes + size
  }
  return { bytes, kept }
}

type Options = Pick<ModelFilesOptions, 'tokenizer' | 'signal' | 'fetch'>

function filesNamed({ weights, tokenizer }: ModelFiles): URL[] {
  return addresses([weights, ...tokenizerFiles(tokenizer)])
}

const tokenizerFiles = (tokenizer: ModelFilesOptions['tokenizer']): ModelFile[] => {
  if (tokenizer === undefined) return []
  return isLocation(tokenizer) || tokenizer instanceof Blob
    ? [tokenizer]
    : [tokenizer.vocab, tokenizer.merges]
}

const addresses = (files: readonly ModelFile[]): URL[] =>
  files.flatMap((file) => (isLocation(file) ? [absolute(file)] : []))

async function inFolder(location: URL, options: Options): Promise<URL[]> {
  const { folder, weights } = placesOf(location)
  const there = async (names: readonly string[]): Promise<URL | undefined> => {
    for (const name of names) {
      const url = new URL(name, folder)
      if ((await keptBytes(url).catch(() => 0)) > 0) return url
      if (await unlessMissing(fetched(url.href, { ...options, method: 'HEAD' }))) return url
    }
    return undefined
  }
  const file = weights ?? (await there(weightNames))
  if (!file) throw new MissingFileError(`${folder}: has no ${weightNames.join(' and no ')}`)
  const vocab = await there(['vocab.json'])
  const whole = vocab ? undefined : await there(['tokenizer.json'])
  const tokenizer = whole ? [whole] : vocab ? [vocab, new URL('merges.txt', folder)] : undefined
  return [file, ...(tokenizer ?? addresses(tokenizerFiles(options.tokenizer)))]
}
