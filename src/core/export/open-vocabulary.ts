import { residualBlock } from '../clip/block.js'
import type { Clip } from '../clip/clip.js'
import { mergedClip } from '../clip/merged-clip.js'
import type { TextPrompts } from '../clip/prompted-text.js'
import { MASKED } from '../clip/towers/text-tower.js'
import { ConfigError } from '../errors.js'
import type { Run } from '../evaluate/create-classifier.js'
import { conceptTemperature } from '../evaluate/none-of-these.js'
import {
  abs,
  add,
  cast,
  concat,
  constant,
  gemm,
  l2Normalize,
  layerNorm,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  sub,
  sum,
  type Tensor,
  values,
} from '../graph/index.js'
import { argMax, gather, leading } from '../graph/inference-only.js'
import { shapeOf } from '../methods/parameter-shape.js'
import { configure } from '../methods/registry.js'

/** A run's classifier over any class names, as two towers. */
export interface OpenVocabulary {
  /** The template with which class names become texts: its words stand where learned context vectors are put. */
  readonly template: string
  /** exp(logit_scale), a scalar. */
  readonly logitScale: Tensor
  /** Its value. */
  scale(): Promise<number>
  /** Features of normalised pixels [B, 3, R, R], not normalised: [B, embedDim]. */
  image(pixels: Tensor): Tensor
  /**
   * Features of texts by their token ids [N, L] (int64): [N, embedDim]. N and L may be open, L up to the context length;
   * what follows the first end-of-text token of a text is not looked at. By one prompt they are not normalised; by a
   * set of prompts they are the mean of its normalised features, and to be taken as they are.
   */
  text(ids: Tensor): Tensor
  /** Whether texts are encoded with a set of prompts. */
  readonly isSet: boolean
}

/**
 * The towers that a run has learned.
 *
 * @throws ConfigError saying why, where its classes cannot be told by two towers
 */
export function openVocabulary({ prompts, model }: Run): OpenVocabulary {
  const { clip } = model
  const method = configure(prompts, clip)
  const { title } = method.method
  const refuse = (reason: string): never => {
    throw new ConfigError(`${title} knows no other classes than its own by two towers: ${reason}`, {
      hint: 'Export its classes: --format transformers-js.',
    })
  }
  if (clip.tokenizer.endToken !== clip.config.text.vocabSize - 1) {
    refuse(`the end-of-text token of ${clip.name} is not the largest, which is how it is found`)
  }
  if (method.method.plainClip) {
    const { parameters } = prompts
    const merged = mergedClip(clip, method.weights?.(parameters) ?? parameters)
    const { text } = method.head(prompts.classNames)
    return {
      template: (text as readonly string[])[0]!,
      logitScale: merged.logitScale(),
      scale: () => conceptTemperature(merged),
      image: (pixels) => merged.imageFeatures(pixels),
      text: (ids) => textFeatures(merged, ids, undefined),
      isSet: false,
    }
  }
  if (!method.prompts) {
    if (method.weights) return refuse('trained classes have weights of their own')
    return refuse(
      method.features
        ? 'it keeps features of the training images for them'
        : 'their logits are more than the product of a feature of the image and one of the text',
    )
  }
  const constants = new Map(
    method.parameters.map((spec) => {
      const data = prompts.parameters.get(spec.name)!
      return [spec.name, values(spec.name, shapeOf(spec, data.length), data)]
    }),
  )
  const { text, visual } = method.prompts((name) => constants.get(name)!)
  if (typeof text === 'function') return refuse('every image makes texts of its own')
  if (text.some(({ each }) => each === 'class')) return refuse('every class has a context of its own')
  if (text.some(({ own }) => own))
    return refuse('every class has states of its own, made by the frozen model')
  const words = text[0]!.words
  const vectors = text[0]!.context.dim(-2)
  if (
    text.some(({ position = 'end' }) => position !== 'end') &&
    clip.tokenizer.encode(words).length !== vectors
  ) {
    return refuse(`"${words}" is not ${vectors} tokens long`)
  }
  const isSet = text.length > 1 || text[0]!.context.rank === 3
  return {
    template: `${words} {}.`,
    logitScale: clip.logitScale(),
    scale: () => conceptTemperature(clip),
    image: (pixels) => clip.imageFeatures(pixels, visual),
    text(ids) {
      const sets = text.map((set) => textFeatures(clip, ids, set))
      return isSet
        ? mean(
            concat(
              sets.map((set) => l2Normalize(set)),
              0,
            ),
            [0],
          )
        : reshape(sets[0]!, sets[0]!.shape.slice(1))
    },
    isSet,
  }
}

/**
 * Features of texts by their ids [N, L], not normalised: [N, embedDim], or [K, N, embedDim] where context vectors are put in
 * the place of the first words.
 */
function textFeatures(clip: Clip, ids: Tensor, prompts: TextPrompts | undefined): Tensor {
  const { contextLength, vocabSize, width } = clip.config.text
  const { blocks, lnFinal, projection } = clip.textWeights
  const [texts, tokens] = ids.shape as [number, number]
  const read = (name: string, rows: number) =>
    constant(name, [rows, width], () => clip.tensors.read(name), { owner: clip.tensors })
  const places = leading(
    values(
      'places',
      [contextLength],
      Float32Array.from({ length: contextLength }, (_, i) => i),
      {
        owner: textFeatures,
      },
    ),
    0,
    tokens,
  ) // (L)
  const end = reshape(cast(argMax(cast(ids, 'float32')), 'float32'), [texts, 1])

  const k = prompts?.context.rank === 3 ? prompts.context.dim(0) : 1
  const learned = prompts && contextPlaces(prompts, places, end, tokens)
  const insert = (rows: Tensor, context: Tensor) =>
    learned!.insert(rows, reshape(context, [-1, 1, context.dim(-2), width]))

  const embedded = gather(read('token_embedding.weight', vocabSize), ids) // (N, L, width)
  const ordered = learned?.order ? matmul(learned.order, embedded) : embedded
  const first = reshape(ordered, [1, texts, tokens, width])
  const positioned = add(
    prompts ? insert(first, prompts.context) : first,
    leading(read('positional_embedding', contextLength), 0, tokens),
  )
  const mask = reshape(leading(leading(causal(contextLength), 0, tokens), 1, tokens), [1, 1, tokens, tokens])
  let items = reshape(positioned, [k * texts * tokens, width])
  for (const [i, block] of blocks.entries()) {
    const deep = i > 0 ? prompts?.deep?.[i - 1] : undefined
    if (deep) items = reshape(insert(reshape(items, [k, texts, tokens, width]), deep), [-1, width])
    items = residualBlock(block, { shared: undefined, items, groups: k * texts }, { itemMask: mask }).items
  }
  const ends = reshape(oneHot(places, end), [1, texts, 1, tokens])
  const rows = reshape(matmul(ends, reshape(items, [k, texts, tokens, width])), [k * texts, width])
  const features = gemm(layerNorm(rows, lnFinal.gain, lnFinal.bias), projection)
  return prompts ? reshape(features, [k, texts, features.dim(1)]) : features
}

/** Where the context vectors of a prompt stand in texts whose first words they replace. */
interface ContextPlaces {
  /** Rows [N, L, L] that move the class name to its place; undefined where it stays. */
  readonly order: Tensor | undefined
  /** Rows [K or 1, N, L, width] with context vectors [K or 1, 1, n, width] in their places. */
  insert(rows: Tensor, context: Tensor): Tensor
}

/**
 * A text comes as [start, n words, name, full stop, end]. Vectors that stand before the name replace words; those behind it
 * stand where the name ended, which moves to the front by as many places.
 */
function contextPlaces(
  { context, position = 'end' }: TextPrompts,
  places: Tensor,
  end: Tensor,
  tokens: number,
): ContextPlaces {
  const n = context.dim(-2)
  const before = { end: n, middle: Math.floor(n / 2), front: 0 }[position]
  const texts = end.dim(0)
  const numbers = (name: string, list: readonly number[]) =>
    values(`${name}:${list}`, [1, list.length], Float32Array.from(list), { owner: contextPlaces })
  const vectors = Array.from({ length: n }, (_, j) => j)
  const nameLength = sub(end, n + 2) // (N, 1)
  const fixed = numbers(
    'before',
    vectors.map((j) => 1 + j),
  )
  const behind = numbers(
    'behind',
    vectors.map((j) => (j < before ? 0 : 1)),
  )
  const at = add(fixed, mul(behind, nameLength)) // (N, n)
  const placed = oneHot(reshape(places, [1, tokens, 1]), reshape(at, [texts, 1, n])) // (N, L, n)
  const selection = reshape(placed, [1, texts, tokens, n])
  const free = sub(1, sum(selection, [3], true)) // (1, N, L, 1)
  const insert = (rows: Tensor, vectors: Tensor) => add(mul(rows, free), matmul(selection, vectors))
  if (before === n) return { order: undefined, insert }

  /** 1 from a place on, else 0. */
  const from = (place: Tensor | number) => sub(1, relu(sub(1, relu(add(sub(places, place), 1)))))
  const inName = sub(from(1 + before), from(add(nameLength, 1 + before))) // (N, L)
  const sources = add(places, mul(inName, n - before))
  return {
    order: oneHot(reshape(places, [1, 1, tokens]), reshape(sources, [texts, tokens, 1])),
    insert,
  }
}

/** 1 where whole numbers are equal, else 0, broadcasting. */
const oneHot = (a: Tensor, b: Tensor): Tensor => relu(sub(1, abs(sub(a, b))))

/** Mask under which a token sees itself and what is before it: [n, n]. */
function causal(n: number): Tensor {
  const load = () => Float32Array.from({ length: n * n }, (_, k) => (k % n > Math.floor(k / n) ? MASKED : 0))
  return constant(`causal:${n}`, [n, n], load, { owner: causal })
}
