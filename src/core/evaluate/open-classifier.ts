import { values } from '../graph/index.js'
import { inputLength, type Preprocessing } from '../image/preprocess.js'
import type { FeatureInputs } from '../methods/method.js'
import { withLogits } from '../methods/prompted-features.js'
import { configure } from '../methods/registry.js'
import {
  type ClassifierOptions,
  compileHead,
  type FedHead,
  learnedHead,
  withOwnWeights,
} from './classifier.js'
import type { Run } from './create-classifier.js'
import { frozenImageTower } from './frozen-image-tower.js'

/** What encodes images, a batch at a time. */
export interface ImageEncoder {
  /** Images of one run; fewer are padded. */
  readonly batchSize: number
  /**
   * @param images normalised pixels, [n, 3, R, R] with n up to the batch size
   * @returns what {@link ClassLogits} reads of them: [n, width]
   */
  encode(images: Float32Array): Promise<Float32Array>
  /** Frees it. */
  release(): Promise<void>
}

/** What tells classes apart. */
export interface ClassLogits {
  readonly classNames: readonly string[]
  /**
   * @param encoded [n, width] with n up to the batch size
   * @returns logits [n, classes]
   */
  logits(encoded: Float32Array): Promise<Float32Array>
  /** Frees it. */
  release(): Promise<void>
}

/** A classifier in two parts: images are encoded once, whatever the classes are that they are asked about. */
export interface OpenClassifier {
  readonly preprocessing: Preprocessing
  /** Values that an image is encoded as. */
  readonly width: number
  /** Compiles an encoder; each holds weights of its own. */
  encoder(batchSize: number): Promise<ImageEncoder>
  /**
   * Class names as they are to be told apart, trained or not.
   *
   * @param batchSize images of one run
   * @throws ConfigError where the method cannot know the classes, DataError for a name longer than the context
   */
  classes(classNames: readonly string[], batchSize: number): Promise<ClassLogits>
}

/**
 * The open classifier of a run. Its logits are those of `createClassifier` up to rounding. A method that neither reads frozen
 * features nor has cosine logits encodes nothing: the whole of its computation is then of each list of classes anew.
 */
export function openClassifier({ prompts, model }: Run): OpenClassifier {
  const { parameters } = prompts
  const { options: shared, learned } = withOwnWeights(model, {
    method: configure(prompts, model.clip),
    parameters,
  })
  const { clip, runtime } = shared
  const { method } = learned
  const { imageTower, preprocessing } = clip
  const trained = method.head(prompts.classNames)
  const encoded: Pick<FeatureInputs, 'width' | 'tower'> | undefined =
    trained.features ?? (trained.cosine ? promptedTower() : undefined)
  const pixels = imageTower.inputs
  return {
    preprocessing,
    width: encoded?.width ?? inputLength(preprocessing),
    async encoder(batchSize) {
      if (!encoded) return { batchSize, encode: async (images) => images, release: async () => {} }
      const tower = frozenImageTower(clip, runtime, batchSize, encoded)
      // Compiled now, so that the first image does not wait for it.
      await tower.features(new Float32Array(inputLength(preprocessing)))
      return { batchSize, encode: tower.features, release: tower.release }
    },
    async classes(classNames, batchSize) {
      const options = { ...shared, classNames, batchSize }
      const found = await learnedHead(options, learned)
      const compiled = await compileHead(
        options,
        afterEncoding(options, found),
        [encoded?.width ?? pixels].flat(),
      )
      return {
        classNames,
        logits: async (rows) => (await compiled.run(rows)).logits,
        release: compiled.release,
      }
    },
  }

  /** The image tower with what was learned as constants: normalised features [B, embedDim]. */
  function promptedTower() {
    const constants = new Map(
      method.parameters.map(({ name, shape }) => [name, values(name, shape, prompts.parameters.get(name)!)]),
    )
    const text = values('text', [1, clip.config.embedDim], new Float32Array(clip.config.embedDim))
    return {
      width: clip.config.embedDim,
      tower: (images: Parameters<FeatureInputs['tower']>[0]) =>
        trained.classify(images, (name) => constants.get(name)!, text).image,
    }
  }

  /** The head as it follows the encoding. */
  function afterEncoding({ clip }: Pick<ClassifierOptions, 'clip'>, found: FedHead): FedHead {
    if (found.head.features || !trained.cosine) return found
    const classify: FedHead['head']['classify'] = (image, _values, text) => withLogits(clip, text!, image)
    return { head: { classify }, feeds: {}, text: found.text }
  }
}
