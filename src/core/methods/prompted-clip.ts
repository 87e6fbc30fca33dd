import type { Clip } from '../clip/clip.js'
import { promptedText, type TextPrompts } from '../clip/prompted-text.js'
import {
  concat,
  gemm,
  l2Normalize,
  matmul,
  mean,
  mul,
  reshape,
  swapLast,
  type Tensor,
} from '../graph/index.js'
import type { Prompts, StepFeatures } from './method.js'

/** The text prompts for images: those of a set, or those that images condition. */
export function textPrompts(prompts: Prompts, image: Tensor): readonly TextPrompts[] {
  return typeof prompts.text === 'function' ? [prompts.text(image)] : prompts.text
}

/** True where the text features depend on the image. */
export const isConditional = (prompts: Prompts): boolean => typeof prompts.text === 'function'

/**
 * L2-normalised text features of the classes by every prompt of all sets: [K, classes, embedDim], where K is the number
 * of prompts, or of the images that condition them. Class names of '' give the prompts without a class name.
 */
export function textFeatureSet(
  clip: Clip,
  sets: readonly TextPrompts[],
  classNames: readonly string[],
): Tensor {
  const features = sets.map((set) => {
    const rows = l2Normalize(promptedText(clip, set, classNames))
    return rows.rank === 3 ? rows : reshape(rows, [1, ...rows.shape])
  })
  return features.length === 1 ? features[0]! : concat(features, 0)
}

/** The classes' weights out of a feature set: the mean over prompts, or one set an image where images condition them. */
export function classWeights(set: Tensor, conditional: boolean): Tensor {
  if (conditional) return set
  return set.dim(0) === 1 ? reshape(set, set.shape.slice(1)) : mean(set, [0])
}

/** Normalised image features under prompts, or of frozen CLIP without: [B, embedDim]. */
export function promptedImage(clip: Clip, images: Tensor, prompts?: Prompts): Tensor {
  return l2Normalize(clip.imageFeatures(images, prompts?.visual))
}

/**
 * Logits exp(logit_scale) * image text^T.
 *
 * @param text class weights [classes, embedDim], or [B, classes, embedDim] where each image has its own
 * @param image normalised features [B, embedDim]
 */
export function withLogits(clip: Clip, text: Tensor, image: Tensor): StepFeatures {
  const similarity =
    text.rank === 2
      ? gemm(image, text, { transB: true })
      : reshape(matmul(reshape(image, [image.dim(0), 1, -1]), swapLast(text)), [image.dim(0), -1])
  return { text, image, logits: mul(similarity, clip.logitScale()) }
}
