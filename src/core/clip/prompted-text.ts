import {
  add,
  concat,
  expand,
  GraphError,
  matmul,
  recomputed,
  reshape,
  slice,
  type Tensor,
} from '../graph/index.js'
import type { Clip } from './clip.js'
import { type ClassPosition, layoutPrompts } from './prompt-layout.js'
import { type TextInputs, textTower } from './towers/text-tower.js'

/** Prompts of the text tower: "CONTEXT NAME." with learnable vectors for the context. */
export interface TextPrompts {
  /**
   * Context vectors, without positions: [n_ctx, width] for one prompt, [K, n_ctx, width] for K prompts or, where `each`
   * is `class`, for the K classes.
   */
  readonly context: Tensor
  /** The words in the context's place when a prompt is tokenised; their tokens beyond n_ctx stay fixed. */
  readonly words: string
  /** Default: `end`. */
  readonly position?: ClassPosition
  /**
   * What contexts of three axes are: a `prompt` each (default), with which every class is encoded, or the context of a
   * `class` each (class-specific contexts, CoOp).
   */
  readonly each?: 'prompt' | 'class'
  /**
   * `deep[i]` replaces the context's states at the input of block i + 1: [n_ctx, width] each; after the last one they
   * flow on. Only for one prompt with the class name at the end.
   */
  readonly deep?: readonly Tensor[]
  /** States of each class's own, that replace the context's at one block. As `deep`, and not together with it. */
  readonly own?: ClassStates
}

/** Context states that are made of what frozen CLIP makes of a class. */
export interface ClassStates {
  /** Block at whose input they enter, from 0. */
  readonly block: number
  /** States [classes, n_ctx, width] of L2-normalised frozen text features [classes, embedDim]. */
  of(frozen: Tensor): Tensor
}

/**
 * What the text tower reads of the classes under text prompts: the sequences of all classes by the first prompt, then
 * by the second, and so on.
 *
 * The states of a prompt's start token and of the context vectors in front of the class name depend on no class, since
 * the tower is causal: they are computed once a prompt.
 *
 * @param options the classes' own states, where the prompts have such, and whether class names share rows
 * @throws ConfigError when a prompt is longer than the tower's context
 */
export function embedPrompts(
  clip: Clip,
  prompts: TextPrompts,
  classNames: readonly string[],
  { own, packed }: { readonly own?: Tensor | undefined; readonly packed?: boolean | undefined } = {},
): PromptedInputs {
  const { context, words, position = 'end', each = 'prompt', deep = [] } = prompts
  const { width } = clip.config.text
  const classes = classNames.length
  const n = context.dim(-2)
  const classSpecific = each === 'class'
  const k = promptsIn(prompts) ?? 1
  const shared = !classSpecific
  const layout = layoutPrompts(
    clip,
    { words, length: n, position, shared, prompts: k, packed: own ? false : packed },
    classNames,
  )
  const { leading, suffixLength: s, rows, fixed, placement, mask } = layout
  if ((deep.length > 0 || own) && (context.rank === 3 || leading < n)) {
    throw new GraphError('deep prompts need one context in front of the class name')
  }
  if (classSpecific && context.dim(0) !== classes) {
    throw new GraphError(`${classes} classes, but contexts for ${context.dim(0)}`)
  }

  const suffixes = reshape(
    placement
      ? add(
          placed(placement, slice(context, -2, leading, n), classSpecific, s),
          shaped(fixed, classSpecific, s),
        )
      : repeat(fixed, k),
    [k * rows * s, width],
  )
  return {
    prefix: prefixOf(clip, context, leading, k),
    prefixes: k,
    suffixes,
    texts: k * rows,
    mask: repeat(mask, k),
    deep,
    own: own && { block: prompts.own!.block, states: own },
    ...(layout.packed ? { ends: repeat(layout.packed.ends, k), classes: layout.packed.classes } : {}),
  }
}

/** What the tower reads, and where texts are packed, which of their features are the classes': one-hot rows [C, R * E]. */
type PromptedInputs = TextInputs & { readonly classes?: Tensor }

/** Options of {@link promptedText}. */
export interface PromptedTextOptions {
  /** Whether several class names share a row of the tower, see `layoutPrompts`. */
  readonly packed?: boolean | undefined
  /**
   * Encode so many classes at once, and again for the gradient, in place of holding what it needs of all. Default: all.
   */
  readonly classesAtOnce?: number | undefined
  /** L2-normalised frozen text features of the classes, for prompts with states of each class's own: [classes, embedDim]. */
  readonly frozen?: Tensor | undefined
}

/**
 * Features of the classes under text prompts, not normalised: [K, classes, embedDim] for K prompts, else
 * [classes, embedDim].
 *
 * @throws ConfigError when a prompt is longer than the tower's context
 */
export function promptedText(
  clip: Clip,
  prompts: TextPrompts,
  classNames: readonly string[],
  { classesAtOnce = classNames.length, frozen, packed }: PromptedTextOptions = {},
): Tensor {
  const states = prompts.own ? [prompts.own.of(frozen!)] : []
  if (classesAtOnce >= classNames.length) {
    return featuresAtOnce(clip, prompts, classNames, { own: states[0], packed })
  }
  const deepBlocks = prompts.deep?.length ?? 0
  const parts = Array.from({ length: Math.ceil(classNames.length / classesAtOnce) }, (_, i) => {
    const [from, to] = [i * classesAtOnce, Math.min((i + 1) * classesAtOnce, classNames.length)]
    return ([context, ...rest]: readonly Tensor[]) => {
      const [deep, [own]] = [rest.slice(0, deepBlocks), rest.slice(deepBlocks)]
      const vectors = prompts.each === 'class' ? slice(context!, 0, from, to) : context!
      return featuresAtOnce(clip, { ...prompts, context: vectors, deep }, classNames.slice(from, to), {
        own: own && slice(own, 0, from, to),
        packed,
      })
    }
  })
  return recomputed([prompts.context, ...(prompts.deep ?? []), ...states], parts, -2)
}

function featuresAtOnce(
  clip: Clip,
  prompts: TextPrompts,
  classNames: readonly string[],
  options: Parameters<typeof embedPrompts>[3],
): Tensor {
  const { classes, ...inputs } = embedPrompts(clip, prompts, classNames, options)
  const all = textTower(clip.textWeights, inputs)
  const k = promptsIn(prompts)
  const rows = k === undefined ? all : reshape(all, [k, -1, all.dim(1)])
  return classes ? matmul(classes, rows) : rows
}

/** K where the contexts are those of K prompts. */
const promptsIn = ({ context, each = 'prompt' }: TextPrompts): number | undefined =>
  context.rank === 3 && each === 'prompt' ? context.dim(0) : undefined

/** Start token and leading context vectors with positions, prompt by prompt: [K * (1 + leading), width]. */
function prefixOf(clip: Clip, context: Tensor, leading: number, k: number): Tensor {
  const start = clip.startToken()
  if (leading === 0) return repeat(start, k)
  const placed = add(slice(context, -2, 0, leading), clip.positions(1, 1 + leading))
  if (context.rank === 2) return concat([start, placed], 0)
  return reshape(concat([repeatPrompts(start, k), placed], 1), [k * (1 + leading), -1])
}

/** Context vectors where the layout places them: [R * S, width], [K, R * S, width] or, class-specific, [C, S, width]. */
function placed(placement: Tensor, context: Tensor, classSpecific: boolean, s: number): Tensor {
  return matmul(shaped(placement, classSpecific, s), context)
}

const shaped = (rows: Tensor, classSpecific: boolean, s: number) =>
  classSpecific ? reshape(rows, [-1, s, rows.dim(1)]) : rows

/** The rows [n, ...] K times, one after the other: [K * n, ...]. */
function repeat(rows: Tensor, k: number): Tensor {
  if (k === 1) return rows
  return reshape(repeatPrompts(rows, k), [k * rows.dim(0), ...rows.shape.slice(1)])
}

const repeatPrompts = (rows: Tensor, k: number) =>
  expand(reshape(rows, [1, ...rows.shape]), [k, ...rows.shape])
