import { join } from 'node:path'
import type { Clip } from '../../core/clip/clip.js'
import { datasetTemplate } from '../../core/clip/templates.js'
import { DataError } from '../../core/errors.js'
import { zeroShotClassifier } from '../../core/evaluate/classifier.js'
import type { HostTensor } from '../../core/graph/index.js'
import type { Runtime } from '../../core/runtime/session.js'
import type { TensorData } from '../../core/weights/safetensors.js'
import { writeSafetensors } from '../../node/weights/safetensors-file.js'
import { compareEqual, compareTensor, judged, type Outcome, skipped } from './deviation.js'
import { imageFeatures } from './features.js'
import type { GoldenCase } from './golden-case.js'
import { withPackedClip } from './golden-clip.js'
import { readTensors } from './golden-files.js'
import { isTrainingCase } from './method-of-case.js'
import { classifyAll, type Replay, testFigures } from './replay.js'
import { replayTraining } from './training-case.js'

/**
 * Replays a case and compares every tensor of its inventory: what the inventory names and the replay does not compute
 * is a miss. A method that does not exist here is skipped.
 *
 * @param out folder for what was computed, as `<case name>.safetensors`
 * @throws UserError when a file of the case is missing or damaged
 */
export async function replayCase(golden: GoldenCase, runtime: Runtime, out?: string): Promise<Outcome> {
  const training = isTrainingCase(golden)
  if (!training && !isZeroShotCase(golden)) {
    return skipped(golden.name, `method ${golden.method} is not built`)
  }
  const data = asClips(await readTensors(golden.files.data), golden.frames)
  const stored = await readTensors(golden.files.tensors)
  const initial = initialParameters(stored)
  const { tensors, figures } = await withPackedClip(
    golden.files.clip,
    (clip) =>
      training
        ? replayTraining(golden, clip, runtime, { initial, data })
        : replayZeroShot(golden, clip, runtime, data),
    golden,
  )
  if (out !== undefined) await writeComputed(join(out, `${golden.name}.safetensors`), golden, tensors)
  const comparisons = Object.entries(golden.tensors).map(([name, { suggested_atol }]) => {
    const expected = stored.get(name)
    if (!expected) throw new DataError(`${golden.files.tensors} has no tensor ${name}`)
    return compareTensor(name, tensors.get(name), expected, suggested_atol ?? 0)
  })
  return judged(golden.name, [...figures, ...comparisons])
}

/** The parameters to start from, which are an input of a case. */
function initialParameters(stored: ReadonlyMap<string, HostTensor>): Map<string, Float32Array> {
  const entries = [...stored].filter(([name]) => name.startsWith('init.') && !name.startsWith('init.eval.'))
  return new Map(entries.map(([name, { data }]) => [name.slice('init.'.length), data]))
}

/** Images [..., n, 3, R, R] as clips [..., n / frames, 3 frames, R, R], with the labels of first frames. */
function asClips(
  data: ReadonlyMap<string, HostTensor>,
  frames: number | undefined,
): ReadonlyMap<string, HostTensor> {
  if (frames === undefined) return data
  const clips = ([name, { shape, data }]: [string, HostTensor]): [string, HostTensor] => {
    const isLabels = name.endsWith('labels')
    const at = isLabels ? shape.length - 1 : shape.length - 4
    const grouped = shape.with(at, shape[at]! / frames)
    if (isLabels) return [name, { shape: grouped, data: data.filter((_, i) => i % frames === 0) }]
    return [name, { shape: grouped.with(at + 1, shape[at + 1]! * frames), data }]
  }
  return new Map([...data].map(clips))
}

/** Writes what was computed in the element types of the case's inventory. */
async function writeComputed(path: string, golden: GoldenCase, tensors: ReadonlyMap<string, HostTensor>) {
  const typed = [...tensors].map(([name, { shape, data }]): [string, TensorData] => {
    const integers = golden.tensors[name]?.dtype === 'int64'
    return [name, { shape, data: integers ? BigInt64Array.from(data, BigInt) : data }]
  })
  await writeSafetensors(path, new Map(typed), { case: golden.name })
}

/** True for a case of zero-shot CLIP, with one template or several. */
const isZeroShotCase = ({ method }: GoldenCase): boolean =>
  method === 'ZeroshotCLIP' || method === 'ZeroshotCLIP2'

/**
 * Classifies the case's evaluation images by zero-shot CLIP. One template is that of the data set; several are an
 * input of the case, since the reference takes any list.
 */
async function replayZeroShot(
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
