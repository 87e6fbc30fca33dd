import type { Clip } from '../clip/clip.js'
import { readableClassName } from '../clip/templates.js'
import { layoutTexts, type TextBatch } from '../clip/text-batch.js'
import { textTower } from '../clip/text-tower.js'
import { add, concat, gemm, l2Normalize, mul, type Tensor, values } from '../graph/index.js'
import type { ContextWords, Prompts, StepFeatures } from './method.js'

/** The prompts "PREFIX NAME." of the classes, laid out behind the start token and the context vectors. */
export function layoutClasses(
  clip: Clip,
  words: ContextWords,
  classNames: readonly string[],
): Promise<TextBatch> {
  const texts = classNames.map((name) => `${words.prefix} ${readableClassName(name)}.`)
  return layoutTexts(
    clip,
    texts.map((text) => clip.tokenizer.tokenize(text)),
    1 + words.length,
  )
}

/** Normalised text features of the classes under prompts: [classes, embedDim]. */
export function promptedText(clip: Clip, prompts: Prompts, classes: TextBatch): Tensor {
  const context = add(prompts.context, clip.positions(1, classes.prefixLength))
  return l2Normalize(
    textTower(clip.textWeights, {
      prefix: concat([clip.startToken(), context], 0),
      suffixes: values('class_suffixes', classes.suffixes.shape, classes.suffixes.data),
      texts: classes.texts,
      mask: values('class_mask', classes.mask.shape, classes.mask.data),
      deep: prompts.deepText,
    }),
  )
}

/** Normalised image features under prompts, or of frozen CLIP without: [B, embedDim]. */
export function promptedImage(clip: Clip, images: Tensor, prompts?: Prompts): Tensor {
  return l2Normalize(clip.imageFeatures(images, prompts?.visual))
}

/** Logits exp(logit_scale) * image text^T of normalised features. */
export function withLogits(clip: Clip, text: Tensor, image: Tensor): StepFeatures {
  return { text, image, logits: mul(gemm(image, text, { transB: true }), clip.logitScale()) }
}
