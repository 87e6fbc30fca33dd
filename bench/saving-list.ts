import type { Clip } from '../src/core/clip/clip.js'
import { promptedText, type TextPrompts } from '../src/core/clip/prompted-text.js'
import { encodeWithSharedPrefixes } from '../src/core/clip/shared-prefixes.js'
import { fillTemplate, promptSrcTemplates } from '../src/core/clip/templates.js'
import { encodeTexts } from '../src/core/clip/text-features.js'
import type { Datum } from '../src/core/data/dataset.js'
import { ImageCache } from '../src/core/data/image-cache.js'
import { trainBatches } from '../src/core/data/loader.js'
import { gradients, graphCost, input, l2Normalize, mul, sum, type Tensor } from '../src/core/graph/index.js'
import type { Prompts } from '../src/core/methods/method.js'
import { sizedParameters } from '../src/core/methods/parameter-shape.js'
import { promptedImage } from '../src/core/methods/prompted-features.js'
import { configure, methodNamed } from '../src/core/methods/registry.js'
import { randomStream } from '../src/core/random.js'
import type { Runtime } from '../src/core/runtime/session.js'
import { type StepGraphOptions, stepGraph } from '../src/core/train/step-graph.js'
import { randomClip } from '../src/core/weights/random-clip.js'
import { countedRuntime } from '../test/support/counted-runtime.js'
import { plainImage, plainText } from '../test/support/plain-clip.js'

/** What is computed without a saving, or with it. */
export type Side =
  | { readonly kind: 'graph'; readonly outputs: Readonly<Record<string, Tensor>> }
  /** The same graph, by weights that are packed or not; `opened`: opening it is what is timed. */
  | {
      readonly kind: 'packing'
      readonly outputs: Readonly<Record<string, Tensor>>
      readonly prepack: boolean
      readonly opened?: boolean
    }
  /** Several graphs and their inputs, known to {@link run} alone. */
  | { readonly kind: 'runs'; readonly run: (runtime: Runtime) => Promise<unknown>; readonly flops: number }
  /** Work without products. */
  | { readonly kind: 'work'; readonly run: () => Promise<unknown> }

/** A saving that changes no result but for rounding. */
export interface Saving {
  readonly title: string
  /** What it is measured on. */
  readonly of: string
  readonly off: () => Promise<Side> | Side
  readonly on: () => Promise<Side> | Side
}

/** Sizes of what is measured. */
export interface SavingSizes {
  readonly clip: Clip
  readonly classes: number
  readonly batch: number
  /** Photos, and the side to which they are cut out. */
  readonly photos: readonly Datum[]
}

/** Names of four tokens, as `bench:step` has them. */
const alike = (classes: number) => Array.from({ length: classes }, (_, i) => `name of class${i}`)

/** Names of one to four words; one in fifty has eight. */
function unlike(classes: number): string[] {
  const random = randomStream(1, 'names')
  return Array.from({ length: classes }, (_, i) => {
    const words = i % 50 === 7 ? 8 : 1 + random.integer(4)
    return Array.from({ length: words }, () => `word${random.integer(10_000)}`).join(' ')
  })
}

function configured(clip: Clip, classNames: readonly string[]) {
  const method = methodNamed('promptsrc')
  return configure({ method, methodOptions: method.options.parse({}), classNames }, clip)
}

/** PromptSRC's prompts as inputs of a graph. */
function prompts(clip: Clip, classNames: readonly string[]) {
  const { parameters, prompts } = configured(clip, classNames)
  const learned = new Map(sizedParameters(parameters).map(({ name, shape }) => [name, input(name, shape)]))
  return { entering: prompts!((name) => learned.get(name)!), learned }
}

/** Features, and the gradient of a functional of them in every prompt that reaches them: one half of a step. */
function half(features: Tensor, learned: ReadonlyMap<string, Tensor>): Side {
  const loss = sum(mul(features, input('functional', features.shape)))
  const names = [...learned.keys()]
  const grads = gradients(loss, [...learned.values()])
  return {
    kind: 'graph',
    outputs: { features, ...Object.fromEntries(names.map((n, i) => [`d ${n}`, grads[i]!])) },
  }
}

async function textHalf(
  clip: Clip,
  classNames: readonly string[],
  features: (set: TextPrompts) => Tensor | Promise<Tensor>,
): Promise<Side> {
  const { entering, learned } = prompts(clip, classNames)
  const text = new Map([...learned].filter(([name]) => !name.includes('image')))
  return half(await features((entering.text as readonly TextPrompts[])[0]!), text)
}

function imageHalf(clip: Clip, batch: number, features: (images: Tensor, entering: Prompts) => Tensor): Side {
  const { entering, learned } = prompts(clip, alike(2))
  const visual = new Map([...learned].filter(([name]) => name.includes('image')))
  return half(features(input('images', [batch, ...clip.imageTower.inputs]), entering), visual)
}

function step(clip: Clip, classes: number, batch: number, options: Partial<StepGraphOptions> = {}) {
  const method = configured(clip, alike(classes))
  const parameters = sizedParameters(method.parameters)
  return stepGraph({ method, parameters, batchSize: batch, shots: 16, ...options })
}

const graph = (outputs: Readonly<Record<string, Tensor>>): Side => ({ kind: 'graph', outputs })

/** The exact savings that can be seen apart, in the order of a step. */
export function exactSavings({ clip, classes, batch, photos }: SavingSizes): readonly Saving[] {
  const names = alike(classes)
  const mixed = unlike(classes)
  const text = `texts of a step, ${classes} classes, forward and backward`
  const image = `prompted images of a step, batch ${batch}, forward and backward`
  const whole = `a step, ${classes} classes, batch ${batch}`
  const { config, tokenizer } = clip
  // Start token, four vectors, the name, full stop and end token: nothing stands behind.
  const longest = Math.max(...names.map((name) => 4 + tokenizer.tokenize(`${name}.`).length))
  const short = randomClip({ ...config, text: { ...config.text, contextLength: longest } }, tokenizer)
  const many = Math.max(1000, classes)
  const plainTexts = (model: Clip) => () => textHalf(model, names, (set) => plainText(model, set, names))
  const texts = (classNames: readonly string[], packed: boolean) => () =>
    textHalf(clip, classNames, (set) => l2Normalize(promptedText(clip, set, classNames, { packed })))
  const teacher = async (run: (runtime: Runtime) => Promise<unknown>): Promise<Side> => {
    const { runtime, flops } = countedRuntime()
    await run(runtime)
    return { kind: 'runs', run, flops: flops() }
  }
  const images = input('images', [batch, ...clip.imageTower.inputs])
  const epoch = async (cache?: ImageCache) => {
    const { preprocessing } = clip
    for await (const _ of trainBatches({
      data: photos,
      batchSize: 4,
      preprocessing,
      epoch: 2,
      seed: 1,
      cache,
    }));
  }
  return [
    {
      title: 'texts cut behind the longest',
      of: text,
      off: plainTexts(clip),
      on: plainTexts(short),
    },
    {
      title: 'prefix computed once for all classes, unread rows left out, constants folded',
      of: text,
      off: plainTexts(short),
      on: texts(names, false),
    },
    {
      title: 'class names packed into rows',
      of: `${text}, names of 1 to 8 words`,
      off: texts(mixed, false),
      on: texts(mixed, true),
    },
    {
      title: 'unread rows of images left out, constants folded',
      of: image,
      off: () => imageHalf(clip, batch, (x, entering) => plainImage(clip, x, entering)),
      on: () => imageHalf(clip, batch, (x, entering) => promptedImage(clip, x, entering)),
    },
    {
      title: 'frozen features of images given, computed once a view',
      of: whole,
      off: () => graph(step(clip, classes, batch)),
      on: () => graph(step(clip, classes, batch, { frozenImages: true })),
    },
    {
      title: "prefixes of a teacher's templates shared, rests packed",
      of: `${promptSrcTemplates.length} templates, ${classes} classes, names of 1 to 8 words`,
      off: () =>
        teacher((runtime) => {
          const filled = mixed.flatMap((name) => promptSrcTemplates.map((each) => fillTemplate(each, name)))
          return encodeTexts(clip, runtime, filled)
        }),
      on: () => teacher((runtime) => encodeWithSharedPrefixes(clip, runtime, mixed, promptSrcTemplates)),
    },
    {
      title: 'classes 250 at a time, to take less memory',
      of: `a step, ${many} classes, batch ${batch}`,
      off: () => graph(step(clip, many, batch)),
      on: () => graph(step(clip, many, batch, { classesAtOnce: 250 })),
    },
    {
      title: 'packed copies of weights',
      of: `frozen image tower, batch ${batch}`,
      off: () => ({ kind: 'packing', outputs: { y: clip.imageFeatures(images) }, prepack: false }),
      on: () => ({ kind: 'packing', outputs: { y: clip.imageFeatures(images) }, prepack: true }),
    },
    {
      title: 'packed copies of weights, opening',
      of: 'frozen image tower',
      off: () => ({
        kind: 'packing',
        outputs: { y: clip.imageFeatures(images) },
        prepack: false,
        opened: true,
      }),
      on: () => ({
        kind: 'packing',
        outputs: { y: clip.imageFeatures(images) },
        prepack: true,
        opened: true,
      }),
    },
    {
      title: 'decoded images kept between epochs',
      of: `an epoch of ${photos.length} JPEGs of 500 x 375, augmented`,
      off: () => ({ kind: 'work', run: () => epoch() }),
      on: async () => {
        const cache = new ImageCache(2 ** 30)
        await epoch(cache)
        return { kind: 'work', run: () => epoch(cache) }
      },
    },
  ]
}

/** Operations, operators and values of a side, as far as they are told from shapes. */
export function costOf(side: Side): { gflop?: number; operators?: number; valuesMb?: number } {
  if (side.kind === 'work') return {}
  if (side.kind === 'runs') return { gflop: side.flops / 1e9 }
  const { flops, operators, peakBytes } = graphCost(side.outputs)
  const applied = Object.values(operators).reduce((all, n) => all + n, 0)
  return { gflop: flops / 1e9, operators: applied, valuesMb: peakBytes / 1e6 }
}
