import { fillTemplate, readableClassName } from '../clip/templates.js'
import { ConfigError, UserError } from '../errors.js'
import type { OpenClassifier } from '../evaluate/open-classifier.js'
import { sha256 } from '../hash.js'
import { inputLength, type Preprocessing } from '../image/preprocess.js'
import { joined, unitRows } from '../rows.js'
import { OPEN, type Runtime, type Session, storedModel } from '../runtime/session.js'
import { createTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js'
import { readTokenizerJson } from '../tokenizer/vocabulary-files.js'
import { type ExportPrecision, modelSuffixes } from './exporter.js'
import { checkHash, checkSize, type ExportManifest } from './manifest.js'

/** The files of an export, wherever they lie. */
export interface ExportFolder {
  /** What messages call it. */
  readonly name: string
  /** All of a file; undefined where there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** Those of an export's files that answer. */
export interface ChosenModels {
  readonly precision: ExportPrecision
  /** From pixels to logits, where the classes are fixed. */
  readonly classifier?: string
  /** From pixels to features, and from texts, where they are not. */
  readonly vision?: string
  readonly text?: string
  /** All that is read. */
  readonly paths: readonly string[]
}

const TOKENIZER = 'tokenizer.json'

/**
 * The files that answer in the first of some precisions that is there.
 *
 * @throws UserError where the export holds no models that can be run, or none of these precisions
 */
export function chosenModels(
  folder: string,
  { format, models, closed, preprocessing, logitScale, contents }: ExportManifest,
  wanted: readonly ExportPrecision[],
): ChosenModels {
  const names = {
    'transformers-js': ['model'],
    'transformers-js-open': ['vision_model', 'text_model'],
    onnx: closed === undefined ? ['vision_model', 'text_model'] : ['classifier'],
  }[format]
  if (!names) {
    throw new UserError(
      `${folder} is an export of format ${format}, which holds no graph that runs by itself`,
      {
        hint: 'Export the run as transformers-js, transformers-js-open or onnx.',
      },
    )
  }
  if (!preprocessing || logitScale === undefined || !contents) {
    throw new UserError(
      `${folder} was exported by an earlier version, which did not say how its models are run`,
      {
        hint: 'Export the run again with this version.',
      },
    )
  }
  const pathsOf = (precision: ExportPrecision) =>
    names.map((name) => `onnx/${name}${modelSuffixes[precision]}.onnx`)
  const precision = wanted.find((each) => pathsOf(each).every((path) => path in models))
  if (!precision) {
    throw new ConfigError(
      `${folder} holds no models in ${wanted.join(', ')}: ${Object.keys(models).join(', ')}`,
      {
        hint: `Export the run with --precision ${wanted.join(',')}, or ask for another precision.`,
      },
    )
  }
  const paths = pathsOf(precision)
  const apart = paths.find((path) => `${path}_data` in models)
  if (apart !== undefined) {
    throw new ConfigError(
      `${folder}: ${apart} has its weights in a file beside it, being larger than one can be`,
      {
        hint: 'Take a smaller precision: fp16 or q8.',
      },
    )
  }
  return paths.length === 1
    ? { precision, classifier: paths[0]!, paths }
    : { precision, vision: paths[0]!, text: paths[1]!, paths: [...paths, TOKENIZER] }
}

/** What answers by the models of an export. */
export interface ExportedClassifier extends Pick<OpenClassifier, 'preprocessing' | 'encoder' | 'classes'> {
  /** Frees the models. */
  release(): Promise<void>
}

/**
 * The classifier of an export, its graphs run as they stand. Every file is held against the manifest's size and hash when it is read.
 *
 * @throws UserError naming a file that is missing or was changed
 */
export async function exportedClassifier(
  folder: ExportFolder,
  manifest: ExportManifest,
  { classifier, vision, text }: ChosenModels,
  runtime: Runtime,
): Promise<ExportedClassifier> {
  const read = async (path: string) => {
    const bytes = await folder.read(path)
    checkSize(folder.name, manifest, path, bytes?.length)
    checkHash(folder.name, manifest, path, await sha256([bytes!]))
    return bytes!
  }
  const pixels = pixelsOf(manifest)
  const images = async (path: string, output: string) => {
    const { shape } = pixels
    const session = await runtime.compile(storedModel(await read(path), { pixel_values: [OPEN, ...shape] }))
    return {
      async run(values: Float32Array): Promise<Float32Array> {
        const data = pixels.fed(values)
        const count = data.length / shape.reduce((product, n) => product * n, 1)
        return (await session.run({ pixel_values: { shape: [count, ...shape], data } }))[output]!.data
      },
      release: () => session.release(),
    }
  }
  if (classifier !== undefined) {
    const model = await images(classifier, 'logits')
    return {
      preprocessing: pixels.preprocessing,
      // There is nothing to encode that would serve other classes.
      encoder: async (batchSize) => ({
        batchSize,
        encode: async (values) => values,
        release: async () => {},
      }),
      async classes(classNames) {
        checkFixed(folder.name, manifest, classNames)
        return { classNames, logits: model.run, release: async () => {} }
      },
      release: model.release,
    }
  }
  const tokenizer = createTokenizer(
    readTokenizerJson({
      name: `${folder.name}: ${TOKENIZER}`,
      text: new TextDecoder().decode(await read(TOKENIZER)),
    }),
    { contextLength: manifest.contextLength! },
  )
  const shape = { input_ids: [OPEN, OPEN] }
  const texts = await runtime.compile(storedModel(await read(text!), shape))
  const tower = await images(vision!, 'image_embeds').catch(async (error) => {
    await texts.release()
    throw error
  })
  return {
    preprocessing: pixels.preprocessing,
    encoder: async (batchSize) => ({
      batchSize,
      encode: async (values) => {
        const features = await tower.run(values)
        const rows = values.length / pixels.size
        return unitRows(features, features.length / rows)
      },
      release: async () => {},
    }),
    async classes(classNames) {
      const filled = classNames.map((name) => fillTemplate(manifest.template!, readableClassName(name)))
      const rows = await textFeatures(texts, tokenizer, filled)
      const weights = manifest.isSet ? rows : unitRows(rows, rows.length / classNames.length)
      const logits = async (encoded: Float32Array) =>
        products(encoded, weights, classNames.length, manifest.logitScale!)
      return { classNames, logits, release: async () => {} }
    },
    async release() {
      await Promise.all([texts.release(), tower.release()])
    },
  }
}

/** How pixels are fed to an export's models. */
interface FedPixels {
  /** What makes them of an image. */
  readonly preprocessing: Preprocessing
  /** Values of an image. */
  readonly size: number
  /** Of one image as it is fed. */
  readonly shape: readonly number[]
  fed(values: Float32Array): Float32Array
}

/**
 * A model that takes pictures on a canvas gets them in the size that it makes of them, which it leaves as they are: so the
 * pixels are those of `predict` for pictures of any size.
 */
function pixelsOf({ preprocessing, canvas }: ExportManifest): FedPixels {
  const { size } = preprocessing!
  const perImage = inputLength(preprocessing!)
  if (canvas === undefined) {
    const shape = [perImage / size ** 2, size, size]
    return { preprocessing: preprocessing!, size: perImage, shape, fed: (values) => values }
  }
  const levelPlusOne = {
    mean: [-1 / 255, -1 / 255, -1 / 255],
    std: [1 / 255, 1 / 255, 1 / 255],
  } as const
  return {
    preprocessing: { ...preprocessing!, ...levelPlusOne },
    size: perImage,
    shape: [3, canvas, canvas],
    fed(values) {
      const rows = values.length / size
      const out = new Float32Array((values.length / size ** 2) * canvas ** 2)
      for (let row = 0; row < rows; row++) {
        const at = Math.floor(row / size) * canvas ** 2 + (row % size) * canvas
        // Whole numbers, which the normalisation left by a rounding.
        for (let x = 0; x < size; x++) out[at + x] = Math.round(values[row * size + x]!)
      }
      return out
    },
  }
}

function checkFixed(
  folder: string,
  { classes, closed }: ExportManifest,
  classNames: readonly string[],
): void {
  if (classNames.length === classes.length && classNames.every((name, i) => name === classes[i])) return
  throw new ConfigError(
    `${folder} knows the classes that it was exported with alone${closed ? `: ${closed}` : ''}`,
    {
      hint: closed
        ? 'Export the run with --add-class for each of the others.'
        : 'Export the run as transformers-js-open, which takes any, or with --add-class for each of the others.',
    },
  )
}

/** Texts of one run of the text tower. */
const TEXTS = 64

/** Features of texts, as the model gives them: [texts, embedDim]. */
async function textFeatures(
  session: Session,
  tokenizer: Tokenizer,
  texts: readonly string[],
): Promise<Float32Array> {
  const parts: Float32Array[] = []
  for (let start = 0; start < texts.length; start += TEXTS) {
    const tokens = texts.slice(start, start + TEXTS).map((text) => tokenizer.tokenize(text))
    const length = Math.max(...tokens.map((row) => row.length))
    const data = new BigInt64Array(tokens.length * length).fill(BigInt(tokenizer.endToken))
    for (const [i, row] of tokens.entries()) data.set(row.map(BigInt), i * length)
    const { text_embeds } = await session.run({ input_ids: { shape: [tokens.length, length], data } })
    parts.push(text_embeds!.data)
  }
  return joined(parts)
}

/** scale times the product of every row of `a` with every row of `b`: [rows of a, rows]. */
function products(a: Float32Array, b: Float32Array, rows: number, scale: number): Float32Array {
  const width = b.length / rows
  return Float32Array.from({ length: (a.length / width) * rows }, (_, at) => {
    const [from, other] = [Math.floor(at / rows) * width, (at % rows) * width]
    let sum = 0
    for (let i = 0; i < width; i++) sum += a[from + i]! * b[other + i]!
    return scale * sum
  })
}
