import * as z from 'zod'
import type { Clip } from '../../core/clip/clip.js'
import type { TextPrompts } from '../../core/clip/prompted-text.js'
import { readableClassName } from '../../core/clip/templates.js'
import { encodeTexts } from '../../core/clip/text-features.js'
import { DataError } from '../../core/errors.js'
import { promptedClassifier } from '../../core/evaluate/classifier.js'
import { encodeGraph, type HostTensor, input, values } from '../../core/graph/index.js'
import type { ConfiguredMethod, FeatureInputs } from '../../core/methods/method.js'
import { gaussianWeights } from '../../core/methods/prompt-aggregation.js'
import { textPrompts } from '../../core/methods/prompted-features.js'
import type { Runtime } from '../../core/runtime/session.js'
import { adamW } from '../../core/train/adam.js'
import type { Tensors } from '../../core/train/optimizer.js'
import type { ScheduleConfig } from '../../core/train/schedule.js'
import { sgd } from '../../core/train/sgd.js'
import type { StepResult } from '../../core/train/steps.js'
import { Trainer } from '../../core/train/trainer.js'
import { compareFigures, compareNumber, type Deviation } from './deviation.js'
import { promptRows, tokenRows } from './features.js'
import type { GoldenCase } from './golden-case.js'
import { methodOf, termsOf } from './method-of-case.js'
import { classifyAll, type Replay, testFigures } from './replay.js'

/** Relative tolerance of learning rates and aggregation weights, which are computed in double precision. */
const EXACT = 1e-12

/**
 * Trains the case from its initial parameters on its stored batches with the product's trainer, and evaluates after
 * every epoch. `given` holds the case's inputs: initial parameters, batches and evaluation images.
 */
export async function replayTraining(
  golden: GoldenCase,
  clip: Clip,
  runtime: Runtime,
  given: { readonly initial: Tensors; readonly data: ReadonlyMap<string, HostTensor> },
): Promise<Replay> {
  const method = methodOf(golden, clip)
  const optim = golden.optim_config
  if (!optim) throw new DataError(`${golden.name} has no optim_config`)
  const stored = given.data.get('train.images')!
  const { images, labels } = method.sentences
    ? await describedExamples(golden, clip, runtime)
    : {
        images: method.features ? await frozenExamples(stored, method.features, runtime) : stored,
        labels: given.data.get('train.labels')!.data,
      }
  const [batches, batchSize] = images.shape as [number, number]
  const classNames = golden.class_names
  await using trainer = await Trainer.create({
    runtime,
    method,
    batchSize,
    optimizer: method.adamW ? adamW(method.adamW) : sgdOf(optim),
    schedule: scheduleOf(optim),
    seed: 1,
    initial: given.initial,
    inspect: true,
  })

  const tensors = new Map<string, HostTensor>()
  const shapes = shapesOf(trainer)
  const put = (prefix: string, values: Tensors) => {
    for (const [name, data] of values) tensors.set(`${prefix}.${name}`, { shape: shapes.get(name)!, data })
  }
  const evaluate = async (name: string) => {
    await using classifier = await promptedClassifier(
      { clip, runtime, classNames },
      { method, parameters: trainer.state.parameters },
    )
    tensors.set(name, await classifyAll(classifier, given.data.get('eval.images')!))
  }

  put('init', trainer.state.parameters)
  for (const [name, tensor] of await startOf(golden, trainer, { clip, runtime, method }))
    tensors.set(name, tensor)
  await evaluate('init.eval.logits')

  const figures: Deviation[] = []
  const expected = golden.results
  const perBatch = images.data.length / batches
  const epochs = Math.min(optim.MAX_EPOCH, epochsStored(golden, batches))
  let noise = 0
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let batch = 0; batch < batches; batch++) {
      const [result] = (await trainer.step(
        images.data.slice(batch * perBatch, (batch + 1) * perBatch),
        labels.subarray(batch * batchSize, (batch + 1) * batchSize),
      )) as [StepResult]
      const index = (epoch - 1) * batches + batch
      if (index === 0) {
        for (const [name, tensor] of firstStep(result.outputs)) tensors.set(name, tensor)
        const { context } = result.outputs
        if (golden.method === 'CoCoOp' && context) {
          tensors.set('step0.meta_net_out', shiftOf(context, given.initial.get('prompt_learner.ctx')!))
        }
        figures.push(...lossTerms(golden, result.losses))
      }
      const step = expected.steps?.[index]
      if (!step) continue
      // Rounding grows along the trajectory: the reference's own distance to float64 so far sets the scale.
      noise = Math.max(noise, Math.abs(step.loss - step.loss_fp64))
      const tolerance = Math.max(20 * noise, 2e-5 * Math.abs(step.loss))
      figures.push(compareNumber(`step${index}.loss`, result.losses.total!, step.loss, tolerance))
      figures.push(compareFigures(`step${index}.lr`, [result.learningRate], [step.lr], EXACT))
    }
    put(`epoch${epoch}`, trainer.state.parameters)
    trainer.endEpoch()
    await evaluate(`epoch${epoch}.eval.logits`)
  }
  for (const [name, data] of trainer.state.optimizer.buffers) {
    tensors.set(`final.${name}`, { shape: shapes.get(name.slice(name.indexOf('.') + 1))!, data })
  }
  const aggregation = method.aggregation
  if (aggregation && epochs === optim.MAX_EPOCH) put('gpa', trainer.state.parameters)
  if (aggregation && expected.gpa_weights) {
    const weights = gaussianWeights(aggregation, optim.MAX_EPOCH)
    figures.push(compareFigures('gpa_weights', weights, expected.gpa_weights, EXACT))
  }
  if (expected.lr_after_training !== undefined) {
    const rates = [[trainer.learningRate], [expected.lr_after_training]] as const
    figures.push(compareFigures('lr_after_training', ...rates, EXACT))
  }
  const last = tensors.get(`epoch${epochs}.eval.logits`)
  if (last) figures.push(...testFigures(golden, last, given.data.get('eval.labels')!.data))
  return { tensors, figures }
}

/** What a training starts from beside its parameters, under the case's names: tokens, the teacher's texts, CoOp's prompts. */
async function startOf(
  golden: GoldenCase,
  trainer: Trainer,
  { clip, runtime, method }: { clip: Clip; runtime: Runtime; method: ConfiguredMethod },
): Promise<Map<string, HostTensor>> {
  const classNames = golden.class_names
  const shapes = shapesOf(trainer)
  const tensors = new Map<string, HostTensor>()
  const symbols = method.prompts?.((name) => input(name, shapes.get(name)!))
  if (symbols) {
    const [{ words }] = textPrompts(symbols, input('image', [1, clip.config.embedDim])) as [TextPrompts]
    const prompts = classNames.map((name) => `${words} ${readableClassName(name)}.`)
    tensors.set('tokenized_prompts', tokenRows(clip, prompts))
  }
  if (trainer.teacher) {
    const shape = [classNames.length, clip.config.embedDim]
    tensors.set('fixed_embeddings', { shape, data: trainer.teacher })
  }
  if (golden.method === 'CoOp') {
    const prompts = method.prompts!((name) =>
      values(`init.${name}`, shapes.get(name)!, trainer.state.parameters.get(name)!),
    )
    const [set] = textPrompts(prompts, input('image', [1, clip.config.embedDim]))
    tensors.set('init.prompts', await promptRows(clip, runtime, set!, classNames))
  }
  return tensors
}

const shapesOf = ({ specs }: Trainer) => new Map(specs.map(({ name, shape }) => [name, shape]))

const sentencesSchema = z.array(z.array(z.tuple([z.int(), z.string()])).min(1)).min(1)

/** The sentences of a case as steps take them: features [batches, B, embedDim], labels [batches * B]. */
async function describedExamples(
  { name, trainer_config }: GoldenCase,
  clip: Clip,
  runtime: Runtime,
): Promise<{ images: HostTensor; labels: Float32Array }> {
  const parsed = sentencesSchema.safeParse(trainer_config?.SENTENCES)
  if (!parsed.success) throw new DataError(`${name} has no batches of [label, text] as SENTENCES`)
  const pairs = parsed.data.flat()
  const texts = pairs.map(([, text]) => text)
  const shape = [parsed.data.length, parsed.data[0]!.length, clip.config.embedDim]
  return {
    images: { shape, data: await encodeTexts(clip, runtime, texts) },
    labels: Float32Array.from(pairs, ([label]) => label),
  }
}

/** Batches of images [batches, B, channels, R, R] as the features that steps take: [batches, B, width]. */
async function frozenExamples(
  { shape, data }: HostTensor,
  { tower, width }: FeatureInputs,
  runtime: Runtime,
): Promise<HostTensor> {
  const [batches, ...each] = shape as [number, ...number[]]
  await using session = await runtime.compile(await encodeGraph({ rows: tower(input('images', each)) }))
  const size = data.length / batches
  const features = new Float32Array(batches * each[0]! * width)
  for (let i = 0; i < batches; i++) {
    const images = { shape: each, data: data.slice(i * size, (i + 1) * size) }
    features.set((await session.run({ images })).rows!.data, i * each[0]! * width)
  }
  return { shape: [batches, each[0]!, width], data: features }
}

/** Terms of the first step, each to its own rounding or, where it nearly cancels, to that of the sum. */
function lossTerms({ method, results }: GoldenCase, losses: Readonly<Record<string, number>>): Deviation[] {
  const { step0 = {}, step0_fp64 = {} } = results
  const terms = termsOf(method)
  const known = Object.entries(step0).filter(([name]) => Object.hasOwn(terms, name))
  return known.map(([name, expected]) => {
    const noise = Math.abs(expected - (step0_fp64[name] ?? expected))
    const tolerance = Math.max(20 * noise, 2e-5 * Math.abs(expected), 1e-6 * Math.abs(step0.loss_total ?? 0))
    return compareNumber(`step0.${name}`, losses[terms[name]!] ?? 0, expected, tolerance)
  })
}

/** The stored run may stop before MAX_EPOCH, which then only shapes the schedule. */
function epochsStored({ results }: GoldenCase, batches: number): number {
  return results.steps ? results.steps.length / batches : Number.POSITIVE_INFINITY
}

type OptimConfig = NonNullable<GoldenCase['optim_config']>

const sgdOf = (optim: OptimConfig) =>
  sgd({
    momentum: optim.MOMENTUM,
    weightDecay: optim.WEIGHT_DECAY,
    dampening: optim.SGD_DAMPNING,
    nesterov: optim.SGD_NESTEROV,
  })

function scheduleOf(optim: OptimConfig): ScheduleConfig {
  const common = { epochs: optim.WARMUP_EPOCH, recount: optim.WARMUP_RECOUNT }
  return {
    lr: optim.LR,
    epochs: optim.MAX_EPOCH,
    decay: { type: 'cosine' },
    warmup:
      optim.WARMUP_TYPE === 'constant'
        ? { ...common, type: 'constant', lr: optim.WARMUP_CONS_LR }
        : { ...common, type: 'linear', minLr: optim.WARMUP_MIN_LR },
  }
}

/** Outputs of a step under the case's names. */
function firstStep(outputs: Readonly<Record<string, HostTensor>>): Map<string, HostTensor> {
  const names: Record<string, string> = {
    logits: 'step0.logits',
    text: 'step0.text_features',
    image: 'step0.image_features',
    frozenText: 'step0.fixed_text_normalised',
    frozenImage: 'step0.zero_shot_image_features',
  }
  const tensors = new Map<string, HostTensor>()
  for (const [name, tensor] of Object.entries(outputs)) {
    if (name.startsWith('grad.')) tensors.set(`step0.${name}`, tensor)
    else if (Object.hasOwn(names, name)) tensors.set(names[name]!, tensor)
  }
  const { logits, frozenLogits } = outputs
  if (logits && frozenLogits) {
    tensors.set('step0.log_softmax_student', logSoftmaxRows(logits))
    tensors.set('step0.log_softmax_teacher', logSoftmaxRows(frozenLogits))
  }
  return tensors
}

/** What the meta-network added to the context: the difference at the first context vector, [B, width]. */
function shiftOf({ shape, data }: HostTensor, context: Float32Array): HostTensor {
  const [batch, vectors, width] = shape as [number, number, number]
  const shift = new Float32Array(batch * width)
  for (let i = 0; i < shift.length; i++) {
    const d = i % width
    shift[i] = data[((i - d) / width) * vectors * width + d]! - context[d]!
  }
  return { shape: [batch, width], data: shift }
}

function logSoftmaxRows({ shape, data }: HostTensor): HostTensor {
  const classes = shape[1]!
  const result = new Float32Array(data.length)
  for (let row = 0; row < data.length; row += classes) {
    const values = data.subarray(row, row + classes)
    const largest = Math.max(...values)
    const total = values.reduce((sum, value) => sum + Math.exp(value - largest), 0)
    for (let i = 0; i < classes; i++) result[row + i] = values[i]! - largest - Math.log(total)
  }
  return { shape, data: result }
}
