import { fillTemplate, readableClassName } from '../clip/templates.js'
import { classFeatures, encodeTexts, type TextFeatureCache } from '../clip/text-features.js'
import { encodeGraph, type HostTensor } from '../graph/index.js'
import { type ConfiguredMethod, exampleWidth } from '../methods/method.js'
import { randomStream } from '../random.js'
import type { Runtime } from '../runtime/session.js'
import { DRAWN, FROZEN_IMAGES, ONCE, TEACHER } from './step-graph.js'

/** What inputs of steps are made of. */
export interface StepInputsOptions {
  readonly runtime: Runtime
  readonly method: ConfiguredMethod
  readonly batchSize: number
  readonly seed: number
  /** Keeps the teacher's text features for later processes. */
  readonly textCache?: TextFeatureCache | undefined
}

type Inputs = Readonly<Record<string, HostTensor>>

/** What steps are given beside what is learned: some of it is computed once, before the first. */
export class StepInputs {
  private constructor(
    private readonly options: StepInputsOptions,
    /** The teacher's text features before normalising: [classes, embedDim]. */
    readonly teacher: Float32Array | undefined,
    /** The same by each template alone, where every step draws one. */
    private readonly templates: readonly Float32Array[],
    private readonly once: Inputs,
  ) {}

  /** Encodes the teacher's texts. Throws UserErrors of the tokenizer. */
  static async create(options: StepInputsOptions): Promise<StepInputs> {
    const { runtime, method, textCache } = options
    const { clip, classNames, teacher: texts } = method
    const teacher = texts && (await classFeatures(clip, runtime, classNames, texts, { cache: textCache }))
    const templates = texts && method.drawsTemplate ? await templateFeatures(options, texts.templates) : []
    return new StepInputs(options, teacher, templates, await computedOnce(options))
  }

  /** What all steps are given alike. */
  get fixed(): Inputs {
    const { teacher, templates } = this
    return { ...this.once, ...(teacher && templates.length === 0 ? this.teacherInput(teacher) : {}) }
  }

  /**
   * What a step is given of its own. Draws depend on its number alone, so that a resumed run continues as it would have.
   *
   * @param made steps before it
   * @param images normalised pixels [B, 3, R, R], or the method's features [B, width]
   * @param labels class indices [B]
   * @param frozenImages the images' frozen features, not normalised [B, embedDim], where they are given to steps
   */
  of(made: number, images: Float32Array, labels: ArrayLike<number>, frozenImages?: Float32Array): Inputs {
    const { batchSize, method, seed } = this.options
    const { clip, classNames } = method
    const width = exampleWidth(method)
    const draws = Object.entries(method.draws?.(randomStream(seed, 'draws', made)) ?? {})
    return {
      images: {
        shape: width ? [batchSize, width] : [batchSize, ...clip.imageTower.inputs],
        data: images,
      },
      labels: oneHot(labels, classNames.length),
      ...(frozenImages
        ? { [FROZEN_IMAGES]: { shape: [batchSize, clip.config.embedDim], data: frozenImages } }
        : {}),
      ...Object.fromEntries(draws.map(([name, tensor]) => [DRAWN + name, tensor])),
      ...this.drawnTeacher(made),
    }
  }

  private drawnTeacher(made: number): Inputs {
    const { length } = this.templates
    if (length === 0) return {}
    const random = randomStream(this.options.seed, 'template', made)
    return this.teacherInput(this.templates[Math.floor(random.uniform() * length)]!)
  }

  private teacherInput(data: Float32Array): Inputs {
    const { clip, classNames } = this.options.method
    return { [TEACHER]: { shape: [classNames.length, clip.config.embedDim], data } }
  }
}

/** Frozen features of the classes by each template alone, not normalised: [classes, embedDim] each. */
async function templateFeatures(
  { runtime, method: { clip, classNames } }: StepInputsOptions,
  templates: readonly string[],
): Promise<Float32Array[]> {
  const texts = templates.flatMap((template) =>
    classNames.map((name) => fillTemplate(template, readableClassName(name))),
  )
  const features = await encodeTexts(clip, runtime, texts)
  const size = features.length / templates.length
  return templates.map((_, t) => features.subarray(t * size, (t + 1) * size))
}

/** What a method has computed once, as inputs of steps. */
async function computedOnce({ runtime, method: { once } }: StepInputsOptions): Promise<Inputs> {
  if (!once) return {}
  const session = await runtime.compile(await encodeGraph(once))
  try {
    const found = Object.entries(await session.run({}))
    return Object.fromEntries(
      found.map(([name, { shape, data }]) => [ONCE + name, { shape, data: data.slice() }]),
    )
  } finally {
    await session.release()
  }
}

/** One-hot rows of labels: [labels, classes]. */
function oneHot(labels: ArrayLike<number>, classes: number): HostTensor {
  const data = new Float32Array(labels.length * classes)
  for (let i = 0; i < labels.length; i++) data[i * classes + labels[i]!] = 1
  return { shape: [labels.length, classes], data }
}
