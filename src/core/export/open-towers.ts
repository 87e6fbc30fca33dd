import type { Run } from '../evaluate/create-classifier.js'
import { gemm, input, l2Normalize, mul, swapLast, type Tensor } from '../graph/index.js'
import { OpenSizes } from '../graph/open-sizes.js'
import type { ExportFile, ExportOptions } from './exporter.js'
import { modelsOf } from './models.js'
import { openVocabulary } from './open-vocabulary.js'

/** The two towers of a run as models, apart and together. */
export interface OpenTowers {
  readonly template: string
  readonly isSet: boolean
  readonly logitScale: number
  readonly models: readonly ExportFile[]
}

/**
 * Models of a run over any class names, with names of inputs and outputs as in transformers.js:
 *
 * - `vision_model`: pixel_values -> image_embeds [images, embedDim], not normalised;
 * - `text_model`: input_ids [texts, tokens] -> text_embeds [texts, embedDim], see {@link openVocabulary};
 * - `model`: all three and attention_mask, which is not read -> logits_per_image [images, texts], logits_per_text, and both embeddings, normalised.
 *
 * @param each shape of one picture, or clip, as it is fed
 * @param fromPictures makes normalised pixels of them, as the image tower takes them
 */
export async function openTowers(
  run: Run,
  folder: string,
  each: readonly number[],
  fromPictures: (pictures: Tensor) => Tensor,
  { precisions }: ExportOptions,
): Promise<OpenTowers> {
  const { template, isSet, image, text, logitScale, scale } = openVocabulary(run)
  const sizes = new OpenSizes('images', 'texts', 'tokens')
  const pictures = input('pixel_values', [sizes.size('images'), ...each])
  const ids = input('input_ids', [sizes.size('texts'), sizes.size('tokens')], 'int64')
  const attention = input('attention_mask', ids.shape, 'int64')
  const imageEmbeds = image(fromPictures(pictures))
  const textEmbeds = text(ids)
  const images = l2Normalize(imageEmbeds)
  const texts = isSet ? textEmbeds : l2Normalize(textEmbeds)
  const logits = mul(gemm(images, texts, { transB: true }), logitScale)
  const options = { folder, sizes, metadata: { template }, precisions }
  const models = [
    ...(await modelsOf(
      { image_embeds: imageEmbeds },
      { ...options, name: 'vision_model', inputs: [pictures] },
    )),
    ...(await modelsOf({ text_embeds: textEmbeds }, { ...options, name: 'text_model', inputs: [ids] })),
    ...(await modelsOf(
      {
        logits_per_image: logits,
        logits_per_text: swapLast(logits),
        text_embeds: texts,
        image_embeds: images,
      },
      { ...options, name: 'model', inputs: [ids, pictures, attention] },
    )),
  ]
  return { template, isSet, logitScale: await scale(), models }
}
