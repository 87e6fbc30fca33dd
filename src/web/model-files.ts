import { WeightsError } from '../core/errors.js'
import type { Vocabulary } from '../core/tokenizer/tokenizer.js'
import {
  type NamedText,
  readTokenizerJson,
  readVocabularyFiles,
  unpackVocabulary,
} from '../core/tokenizer/vocabulary-files.js'
import type { ByteSource } from '../core/weights/byte-source.js'
import type { ConfigName, FoundConfig } from '../core/weights/configs.js'
import { parseJson } from '../core/weights/parse-json.js'
import { absolute, isLocation, placesOf } from './address.js'
import { blobSource } from './blob-source.js'
import { fetched, unlessMissing } from './fetched.js'
import { keptBytes, keptFile, keptWeights } from './kept/kept-models.js'
import { type UrlSourceOptions, urlSource } from './url-source.js'

/** A file of a model: its address, or a file that was chosen in the page. */
export type ModelFile = string | URL | Blob

/** A `tokenizer.json`, this package's `assets/clip/merges.txt.gz`, or a `vocab.json` with its `merges.txt`. */
export type TokenizerFiles = ModelFile | { readonly vocab: ModelFile; readonly merges: ModelFile }

/** The files of a model, named one by one. */
export interface ModelFiles {
  /** safetensors with the tensor names of OpenAI, Hugging Face or open_clip. */
  readonly weights: ModelFile
  /** Hugging Face's `config.json`, or an `open_clip_config.json`: the one that belongs to the weights. */
  readonly config?: ModelFile
  /** Hugging Face's `preprocessor_config.json`: how the model wants its images. */
  readonly preprocessor?: ModelFile
  readonly tokenizer: TokenizerFiles
}

/** Options of reading a model's files. */
export interface ModelFilesOptions extends UrlSourceOptions {
  /** For a folder that has none: a tokenizer, such as that of OpenAI's models in `assets/clip` of this package. */
  readonly tokenizer?: TokenizerFiles
  /**
   * Download the files whole and keep them in the browser for later visits, which then need no connection. A download that is
   * broken off goes on where it stopped. Default: fetch what is needed, and keep nothing.
   */
  readonly keep?: boolean
  /** SHA-256 that kept weights must have, hexadecimal. */
  readonly sha256?: string
}

/** Where the parts of a model come from. Nothing is fetched before it is asked for. */
export interface ModelSource {
  weights(): Promise<ByteSource>
  /** A configuration file, if there is one. */
  config(name: ConfigName): Promise<FoundConfig | undefined>
  vocabulary(): Promise<Vocabulary>
}

/** Configuration and tokenizer are read whole: none that belongs to a CLIP model is larger. */
const maxTextBytes = 2 ** 24
export const weightNames = ['model.safetensors', 'open_clip_model.safetensors']

/** The parts of a model in a folder on a server, beside a weight file there, or in files named one by one. */
export function filesOf(model: string | URL | ModelFiles, options: ModelFilesOptions): ModelSource {
  return isLocation(model) ? folderFiles(absolute(model), options) : namedFiles(model, options)
}

function namedFiles(
  { weights, config, preprocessor, tokenizer }: ModelFiles,
  options: ModelFilesOptions,
): ModelSource {
  return {
    async weights() {
      return isLocation(weights) ? weightsAt(absolute(weights), options) : blobSource(weights)
    },
    async config(name) {
      const file = name === 'preprocessor_config.json' ? preprocessor : config
      return file === undefined ? undefined : parsed(await readFile(file, options))
    },
    vocabulary: () => readTokenizer(tokenizer, options),
  }
}

function folderFiles(location: URL, options: ModelFilesOptions): ModelSource {
  const { folder, weights } = placesOf(location)
  const present = (name: string) => unlessMissing(readFile(new URL(name, folder), options))
  return {
    async weights() {
      if (weights) return weightsAt(weights, options)
      for (const url of await likelyFirst(folder, options)) {
        const source = await unlessMissing(weightsAt(url, options))
        if (source) return source
      }
      throw new WeightsError(`${folder}: has no ${weightNames.join(' and no ')}`, {
        hint: 'Give the address of the weight file, or of the folder that holds it.',
      })
    },
    async config(name) {
      const file = await present(name)
      return file && parsed(file)
    },
    async vocabulary() {
      // Nearly all folders have these two, many nothing else: a file that is asked for in vain is an error in the console.
      const vocab = await present('vocab.json')
      const merges = vocab && (await present('merges.txt'))
      if (vocab && merges) return readVocabularyFiles(textOf(vocab), textOf(merges))
      const whole = await present('tokenizer.json')
      if (whole) return readTokenizerJson(textOf(whole))
      if (options.tokenizer) return readTokenizer(options.tokenizer, options)
      throw new WeightsError(`${folder}: has no tokenizer.json, and no vocab.json with a merges.txt`, {
        hint: 'Serve the tokenizer of the model beside it, or name one by the option tokenizer.',
      })
    },
  }
}

const weightsAt = (url: URL, options: ModelFilesOptions): Promise<ByteSource> =>
  options.keep ? keptWeights(url, options) : urlSource(url, options)

/** The addresses of weights that a folder may have; those that are kept first, as others cannot be asked for offline. */
async function likelyFirst(folder: URL, { keep }: ModelFilesOptions): Promise<URL[]> {
  const urls = weightNames.map((name) => new URL(name, folder))
  if (!keep) return urls
  const kept = await Promise.all(urls.map((url) => keptBytes(url)))
  return [...urls.filter((_, i) => kept[i]! > 0), ...urls.filter((_, i) => kept[i] === 0)]
}

interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

async function readFile(file: ModelFile, options: ModelFilesOptions): Promise<NamedBytes> {
  const name = isLocation(file) ? absolute(file).href : file instanceof File ? file.name : 'blob'
  const blob = !isLocation(file)
    ? file
    : options.keep
      ? await keptFile(new URL(name), options)
      : await (await fetched(name, options)).blob()
  if (blob.size > maxTextBytes) {
    throw new WeightsError(`${name}: has ${blob.size} bytes, expected at most ${maxTextBytes}`)
  }
  return { name, bytes: new Uint8Array(await blob.arrayBuffer()) }
}

function textOf({ name, bytes }: NamedBytes): NamedText {
  return { name, text: new TextDecoder().decode(bytes) }
}

function parsed(file: NamedBytes): FoundConfig {
  return { path: file.name, json: parseJson(file.name, textOf(file).text) }
}

async function readTokenizer(files: TokenizerFiles, options: ModelFilesOptions): Promise<Vocabulary> {
  if (typeof files === 'object' && 'vocab' in files) {
    const [vocab, merges] = await Promise.all(
      [files.vocab, files.merges].map((file) => readFile(file, options)),
    )
    return readVocabularyFiles(textOf(vocab!), textOf(merges!))
  }
  const file = await readFile(files, options)
  const isGzip = file.bytes[0] === 0x1f && file.bytes[1] === 0x8b
  return isGzip ? unpackVocabulary(file.bytes) : readTokenizerJson(textOf(file))
}
