import type { Classifier } from '../../core/evaluate/classifier.js'
import { type Prediction, type PredictOptions, predictImages } from '../../core/evaluate/predict.js'
import type { RgbImage } from '../../core/image/resize.js'
import { decodeImage } from './decode.js'

/**
 * Classifies images: paths, encoded files in memory, or decoded pixels.
 *
 * @throws DataError naming an image that cannot be read
 */
export function predict(
  classifier: Classifier,
  images: readonly (string | Uint8Array | RgbImage)[],
  options: PredictOptions = {},
): AsyncGenerator<Prediction> {
  const named = images.map((image, place) => ({
    name: typeof image === 'string' ? image : `${place}`,
    load: async () => (typeof image === 'string' || image instanceof Uint8Array ? decodeImage(image) : image),
  }))
  return predictImages(classifier, named, options)
}
