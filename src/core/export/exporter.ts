import type { CreateClassifierOptions, Run } from '../evaluate/create-classifier.js'
import type { ByteStream } from '../graph/onnx.js'
import type { Preprocessing } from '../image/preprocess.js'
import type { HeldOutFigures } from '../run/held-out-figures.js'
import type { RunFacts } from './model-card.js'

/**
 * In what numbers the models of an export keep their weights, as transformers.js names them. They compute in float32
 * whatever the weights are kept in, but for the products of `int8`:
 *
 * - `fp16`: weights as binary16;
 * - `q8`: weights as 8-bit integers with a scale for every output, turned into float32 when the model is loaded;
 * - `int8`: these integers multiplied with 8-bit activations, whose range is taken anew for every product.
 */
export const precisions = ['fp32', 'fp16', 'q8', 'int8'] as const

/** See {@link precisions}. */
export type ExportPrecision = (typeof precisions)[number]

/** What transformers.js puts behind a model's name. */
export const modelSuffixes: Readonly<Record<ExportPrecision, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
}

/** Those of a model's files, in the order of {@link precisions}. */
export function precisionsAmong(files: readonly { readonly path: string }[]): ExportPrecision[] {
  const smaller = precisions.filter((precision) => modelSuffixes[precision] !== '')
  const found = files
    .filter(({ path }) => path.endsWith('.onnx'))
    .map(({ path }) => smaller.find((each) => path.endsWith(`${modelSuffixes[each]}.onnx`)) ?? 'fp32')
  return precisions.filter((precision) => found.includes(precision))
}

/** Those of an export that asks for none: `int8` takes least memory, but is not as exact. */
export const usualPrecisions: readonly ExportPrecision[] = ['fp32', 'fp16', 'q8']

/** Options of an export. */
export interface ExportOptions extends Omit<CreateClassifierOptions, 'batchSize'> {
  /** Default: fp32, fp16 and q8, which transformers.js takes in browsers where a page asks for none. */
  readonly precisions?: readonly ExportPrecision[] | undefined
  /** What the model card says of the run. */
  readonly facts?: RunFacts | undefined
  /** When an image is of none of the classes, and how sure answers are, as the run keeps it: the manifest states it. */
  readonly heldOut?: HeldOutFigures | undefined
  /** Begins a SHA-256. Default: one that runs anywhere; a platform's own is several times as fast. */
  readonly hash?: (() => StreamHash) | undefined
}

/** A hash of bytes that come in parts. */
export interface StreamHash {
  update(bytes: Uint8Array): unknown
  /** Hexadecimal; nothing is added afterwards. */
  hex(): string
}

/** One form in which a run leaves: a file that gives this, and a line in the registry. */
export interface Exporter {
  /** Name on the command line. */
  readonly format: string
  /** One sentence for lists and help texts. */
  readonly summary: string
  /**
   * What a folder of this form holds. Nothing is loaded before its files are read.
   *
   * @throws ConfigError saying why, where the run cannot be exported so
   */
  parts(run: Run, options: ExportOptions): Promise<ExportParts>
}

/** What an export holds beside its card and its manifest. */
export interface ExportParts {
  readonly classNames: readonly string[]
  /** Files that hold weights. */
  readonly models: readonly ExportFile[]
  /** What goes with them. */
  readonly files: readonly ExportFile[]
  /** How class names become texts, where the export takes any. */
  readonly template?: string
  /** Whether its texts are encoded with a set of prompts. */
  readonly isSet?: boolean
  /** Most tokens of a text. */
  readonly contextLength?: number
  /** exp(logit_scale), by which similarities become logits. */
  readonly logitScale?: number
  /** Why the export takes no other classes. */
  readonly closed?: string | undefined
  /** How images become pixels; where there is a canvas, the models do that themselves. */
  readonly preprocessing?: Preprocessing
  /** Side of the canvas on which the models take pictures, see `fromCanvas`. */
  readonly canvas?: number
}

/** A file of an export; its values are read when it is written, one tensor at a time. */
export interface ExportFile extends ByteStream {
  /** Below the export's folder, with slashes. */
  readonly path: string
}

/** A file of text. */
export function textFile(path: string, text: string): ExportFile {
  const bytes = new TextEncoder().encode(text)
  return {
    path,
    size: bytes.length,
    async *chunks() {
      yield bytes
    },
  }
}

/** A file of JSON that people can read. */
export const jsonFile = (path: string, value: unknown): ExportFile =>
  textFile(path, `${JSON.stringify(value, null, 2)}\n`)

/** All of a file, as a page hands it on or packs it. */
export async function exportedBytes({ size, chunks }: ExportFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size)
  let at = 0
  for await (const chunk of chunks()) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
