import type { Clip } from '../clip/clip.js'
import { encodeGraph, input } from '../graph/index.js'
import { inputLength, type Preprocessing } from '../image/preprocess.js'
import type { FeatureInputs } from '../methods/method.js'
import { frozenFeatures } from '../methods/prompted-features.js'
import type { Runtime, Session } from '../runtime/session.js'

/** Images of one run of a tower. */
export const IMAGE_BATCH = 16

/** CLIP's image tower without prompts. An image's features do not depend on the others of its batch. */
export interface FrozenImageTower {
  /** Images of one run; fewer are padded. */
  readonly batchSize: number
  readonly preprocessing: Preprocessing
  /** Values of an image's features. */
  readonly width: number
  /** The computation, encoded without its large weights. */
  program(): Promise<Uint8Array>
  /**
   * @param images normalised pixels, [n, 3, R, R] with n up to the batch size
   * @returns features, not normalised: [n, width]
   */
  features(images: Float32Array): Promise<Float32Array>
  release(): Promise<void>
}

/**
 * The frozen image tower, compiled when it is first used.
 *
 * @param frozen what is read of it; default: CLIP's image features
 */
export function frozenImageTower(
  clip: Clip,
  runtime: Runtime,
  batchSize = IMAGE_BATCH,
  frozen: Pick<FeatureInputs, 'width' | 'tower'> = frozenFeatures(clip),
): FrozenImageTower {
  const { imageTower, preprocessing } = clip
  const { width, tower } = frozen
  const shape = [batchSize, ...imageTower.inputs]
  const perImage = inputLength(preprocessing)
  const encode = () => encodeGraph({ features: tower(input('images', shape)) })
  let compiled: Promise<Session> | undefined
  return {
    batchSize,
    preprocessing,
    width,
    program: async () => (await encode()).onnx,
    async features(images) {
      compiled ??= encode().then((graph) => runtime.compile(graph))
      const session = await compiled
      const n = images.length / perImage
      const padded = n === batchSize ? images : new Float32Array(batchSize * perImage)
      if (n < batchSize) padded.set(images)
      const { features } = await session.run({ images: { shape, data: padded } })
      return features!.data.slice(0, n * width)
    },
    async release() {
      await (await compiled)?.release()
    },
  }
}
