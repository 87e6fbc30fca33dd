import { photoTemplate } from '../clip/templates.js'
import type { ImageTower, VisualPrompts } from '../clip/towers/tower.js'
import { UserError } from '../errors.js'
import { type Classifier, zeroShotClassifier } from '../evaluate/classifier.js'
import { createClassifier, type Run } from '../evaluate/create-classifier.js'
import { type ClassProbability, mostLikely } from '../evaluate/predict.js'
import {
  encodeGraph,
  type HostTensor,
  input,
  matmul,
  mean,
  softmax,
  swapLast,
  type Tensor,
} from '../graph/index.js'
import { normalize, testTransform } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import { configure } from '../methods/registry.js'
import type { Session } from '../runtime/session.js'
import { rollout } from './rollout.js'

/** An image to look at. */
export interface LookedAtImage {
  readonly name: string
  /** Its class, where it is known. */
  readonly truth?: string
  load(): Promise<RgbImage>
}

/** What an image tower makes of an image. */
export interface View {
  /** Likeliest class first, all trained classes. */
  readonly classes: readonly ClassProbability[]
  /** Rollout share of each patch, row by row: [grid * grid]. */
  readonly patches: Float64Array
  /** Rollout share of the class token itself. */
  readonly classToken: number
  /** Rollout share of the visual prompts; 0 before prompting. */
  readonly prompts: number
}

/** An image as frozen CLIP and as the prompted model see it. */
export interface ImageAttention {
  readonly name: string
  readonly truth?: string
  /** What the model sees of the image: resolution x resolution. */
  readonly image: RgbImage
  /** Patches a side. */
  readonly grid: number
  readonly before: View
  readonly after: View
}

/** Options of {@link imageAttention}. */
export interface ImageAttentionOptions {
  /** Called for images that cannot be read, which are then left out; without it they throw. */
  readonly onBadImage?: (error: UserError) => void
  readonly signal?: AbortSignal
}

/** Why a run has no pictures of its image tower before and after prompting; undefined where it has. */
export function whyNoPictures({ prompts, model }: Run): string | undefined {
  const { name, imageTower } = model.clip
  if (model.clip.config.frames !== undefined) {
    return 'this run sees clips; attention is shown of pictures'
  }
  if (imageTower.grid === undefined) {
    return `${name} has a ${imageTower.title} image tower; attention rollout needs a Vision Transformer`
  }
  if (visualPrompts({ prompts, model })) return undefined
  return `this ${prompts.method.title} run has no visual prompts: its image tower is frozen CLIP's, so that pictures before and after would be equal`
}

/**
 * Where the image tower looks before and after prompting: the attention rollout of its class token to the patches,
 * with the class that frozen CLIP ("a photo of a NAME.") and the prompted model see.
 *
 * @throws TypeError where {@link whyNoPictures} gives a reason, DataError naming an image that cannot be read
 */
export async function* imageAttention(
  run: Run,
  images: readonly LookedAtImage[],
  { onBadImage, signal }: ImageAttentionOptions = {},
): AsyncGenerator<ImageAttention> {
  const { model, prompts } = run
  const { clip, runtime } = model
  const { resolution, preprocessing } = clip
  const options = { clip, runtime, classNames: prompts.classNames, batchSize: 1 }
  const open: { release(): Promise<void> }[] = []
  const opened = async <T extends (typeof open)[number]>(opening: Promise<T>): Promise<T> => {
    const it = await opening
    open.push(it)
    return it
  }
  try {
    const before = await opened(zeroShotClassifier(options, [photoTemplate]))
    const after = await opened(createClassifier(run, { batchSize: 1 }))
    const maps = await opened(compileMaps(run))
    for (const { name, truth, load } of images) {
      signal?.throwIfAborted()
      let pixels: Uint8Array
      try {
        pixels = testTransform(await load(), preprocessing)
      } catch (error) {
        if (!(error instanceof UserError) || !onBadImage) throw error
        onBadImage(error)
        continue
      }
      const normalized = normalize(pixels, preprocessing)
      const views = await maps.look(normalized)
      yield {
        name,
        ...(truth === undefined ? {} : { truth }),
        image: { width: resolution, height: resolution, data: pixels },
        grid: maps.grid,
        before: { ...views.before, classes: await classify(before, normalized) },
        after: { ...views.after, classes: await classify(after, normalized) },
      }
    }
  } finally {
    await Promise.all(open.map((it) => it.release()))
  }
}

async function classify(classifier: Classifier, pixels: Float32Array): Promise<ClassProbability[]> {
  const { logits } = await classifier.classify(pixels)
  return mostLikely(logits, classifier.classNames)
}

/** The visual prompts of a run as symbols, with the values of its parameters. */
function visualPrompts({ prompts, model }: Run) {
  const method = configure(prompts, model.clip)
  const symbols = new Map(method.parameters.map(({ name, shape }) => [name, input(name, shape)]))
  const visual = method.prompts?.((name) => symbols.get(name)!).visual
  const feeds = method.parameters.map(
    ({ name, shape }) => [name, { shape, data: prompts.parameters.get(name)! }] as const,
  )
  return visual && { visual, feeds: Object.fromEntries<HostTensor>(feeds) }
}

/** The attention of both towers, in one graph on the same weights. */
async function compileMaps(run: Run) {
  const { clip, runtime } = run.model
  const tower = clip.imageTower
  const { grid } = tower
  const prompted = visualPrompts(run)
  if (grid === undefined || !prompted) throw new TypeError(whyNoPictures(run))
  const shape = [1, 3, clip.resolution, clip.resolution]
  const images = input('images', shape)
  const maps = {
    before: attentionMaps(tower, images),
    after: attentionMaps(tower, images, prompted.visual),
  }
  const outputs = Object.entries(maps).flatMap(([when, blocks]) =>
    blocks.map(({ weights }, i) => [`${when} ${i}`, weights] as const),
  )
  const session: Session = await runtime.compile(await encodeGraph(Object.fromEntries(outputs)))
  return {
    grid,
    async look(pixels: Float32Array) {
      const values = await session.run({ ...prompted.feeds, images: { shape, data: pixels } })
      const view = (when: 'before' | 'after') => {
        const blocks = maps[when].map(({ weights, fresh }, i) => ({
          weights: values[`${when} ${i}`]!.data,
          keys: weights.dim(2),
          fresh,
        }))
        const { tokens, prompts } = rollout(blocks, 1 + grid ** 2)
        return { patches: tokens.slice(1), classToken: tokens[0]!, prompts }
      }
      return { before: view('before'), after: view('after') }
    },
    release: () => session.release(),
  }
}

/** Attention of one block of the image tower. */
export interface AttentionMap {
  /** Averaged over the heads: [B, queries, keys]. The last block has the class token's query alone. */
  readonly weights: Tensor
  /** Leading keys that are prompts of this block alone; see `BlockAttention`. */
  readonly fresh: number
}

/**
 * The attention of every block of the image tower, first block first, as the tower itself computes it.
 *
 * @param images normalised pixels [B, 3, R, R]
 * @param prompts visual prompts; without them, of frozen CLIP
 */
export function attentionMaps(tower: ImageTower, images: Tensor, prompts?: VisualPrompts): AttentionMap[] {
  const maps: AttentionMap[] = []
  tower.features(images, prompts, (queries, keys, fresh) => {
    maps.push({ weights: mean(softmax(matmul(queries, swapLast(keys))), [1]), fresh })
  })
  return maps
}
