import type { Clip } from '../../core/clip/clip.js'
import { datasetTemplate } from '../../core/clip/templates.js'
import { zeroShotClassifier } from '../../core/evaluate/classifier.js'
import type { HostTensor } from '../../core/graph/index.js'
import type { Runtime } from '../../core/runtime/session.js'
import { classifyAll } from './classify-all.js'
import { compareEqual } from './compare.js'
import { imageFeatures } from './features.js'
import type { GoldenCase } from './golden-case.js'
import { type Replay, testFigures } from './replay.js'

/** True for a case of zero-shot CLIP, with one template or several. */
export const isZeroShotCase = ({ method }: GoldenCase): boolean =>
  method === 'ZeroshotCLIP' || method === 'ZeroshotCLIP2'

/**
 * Classifies the case's evaluation images by zero-shot CLIP. One template is that of the data set; several are an
 * input of the case, since the reference takes any list.
 */
export async function replayZeroShot(
  golden: GoldenCase,
  clip: Clip,
  runtime: Runtime,
  data: ReadonlyMap<string, HostTensor>,
): Promise<Replay> {
  const classNames = golden.class_names
  const single = golden.method === 'ZeroshotCLIP'
  const own = [datasetTemplate(golden.dataset_name ?? 'ImageNet')]
  const templates = single ? own : (golden.results.templates ?? [])
  const images = data.get('eval.images')!
  const classifier = await zeroShotClassifier({ clip, runtime, classNames }, templates)
  try {
    const logits = await classifyAll(classifier, images)
    const tensors = new Map<string, HostTensor>([
      [
        'zs.text_features',
        { shape: [classNames.length, clip.config.embedDim], data: classifier.textFeatures! },
      ],
      ['zs.image_features_raw', await imageFeatures(clip, runtime, images)],
      ['eval.logits', logits],
    ])
    const figures = testFigures(golden, logits, data.get('eval.labels')!.data)
    if (single && golden.results.templates) {
      figures.push(compareEqual('templates', templates, golden.results.templates))
    }
    return { tensors, figures }
  } finally {
    await classifier.release()
  }
}
