import * as z from 'zod'
import { ConfigError } from '../errors.js'
import {
  abs,
  add,
  type HostTensor,
  matmul,
  mean,
  mul,
  reshape,
  slice,
  sub,
  sum,
  swapLast,
  type Tensor,
  values,
} from '../graph/index.js'
import type { RandomStream } from '../random.js'
import { MOST_PROMPTS, placeholder, randomPrompts } from './context-vectors.js'
import type { LossTerms, Method } from './method.js'
import { crossEntropy, type PromptedFeatures, promptedFeatures } from './prompted-features.js'

const options = z.strictObject({
  prompts: z
    .int()
    .min(4)
    .max(MOST_PROMPTS)
    .multipleOf(4)
    .default(32)
    .describe(
      'prompts of the set: half end with the class name, a quarter each have it in the middle and in front',
    ),
  promptBatch: z
    .int()
    .min(4)
    .max(MOST_PROMPTS)
    .multipleOf(4)
    .default(4)
    .describe('prompts of a training step, drawn from the set in the same proportions'),
  context: z.int().min(1).max(MOST_PROMPTS).default(16).describe('context vectors of every prompt'),
  orthogonalityWeight: z
    .number()
    .min(0)
    .default(0.1)
    .describe('weight of the semantic orthogonality of the prompts'),
})

const CONTEXT = 'prompt_learner.ctx'

/** Shares of the set by where the class name stands. */
const POSITIONS = [
  { position: 'end', from: 0, to: 1 / 2 },
  { position: 'middle', from: 1 / 2, to: 3 / 4 },
  { position: 'front', from: 3 / 4, to: 1 },
] as const

/**
 * Prompt distribution learning: the classifier's weights w = (w_1 .. w_C) that a set of prompts generates are taken as
 * samples of a Gaussian. Its mean classifies; training minimises an upper bound of the expected cross-entropy under it
 * (section 3.2), for image features z and tau = 1 / logit_scale:
 *
 *   L_up = - log [ exp(z . mu_y / tau) / sum_c exp(z . mu_c / tau + z^T A_cy z / (2 tau^2)) ],  A_cy = Cov(w_c - w_y)
 *
 * and keeps the prompts apart: L_so is the mean |cosine| between the features of two prompts without a class name
 * (section 3.3). A training step draws its prompts from the set; evaluation takes the mean over all of them.
 */
export const proda: Method<typeof options> = {
  name: 'proda',
  title: 'ProDA',
  paper: 'Lu et al., "Prompt Distribution Learning", CVPR 2022',
  summary: 'a set of diverse prompts whose class weights form a Gaussian',
  options,
  defaults: { epochs: 50, batchSize: 20, learningRate: 0.001, shots: 16 },

  check({ promptBatch, prompts }) {
    if (promptBatch <= prompts) return
    throw new ConfigError(
      `proda option promptBatch: found ${promptBatch}, but the set has ${prompts} prompts`,
      {
        hint: `Choose at most ${prompts}.`,
      },
    )
  },

  configure({ prompts, promptBatch, context, orthogonalityWeight }, clip, classNames) {
    const words = placeholder(context)
    return promptedFeatures(clip, classNames, {
      parameters: [randomPrompts(CONTEXT, [prompts, context, clip.config.text.width])],
      draws: (random) => ({ selection: drawSelection(prompts, promptBatch, random) }),
      prompts(parameter, drawn) {
        const set = parameter(CONTEXT)
        const contexts = drawn ? selected(set, drawn('selection')) : set
        return {
          text: POSITIONS.map(({ position, from, to }) => ({
            context: slice(contexts, 0, from * contexts.dim(0), to * contexts.dim(0)),
            words,
            position,
          })),
        }
      },
      objective: (features) => prodaObjective(orthogonalityWeight, features),
    })
  },
}

/** L_up + weight * L_so, see {@link proda}. */
export function prodaObjective(
  orthogonalityWeight: number,
  { image, logits, textSet, nameless, labels, logitScale }: Omit<PromptedFeatures, 'frozen'>,
): LossTerms {
  const scores = mul(matmul(image, swapLast(textSet)), logitScale) // (K, B, C)
  const margins = sub(scores, sum(mul(scores, labels), [-1], true)) // z . (w_c - w_y) / tau
  const ce = crossEntropy(add(logits, mul(variance(margins), 0.5)), labels)
  const orthogonality = meanAbsoluteCosine(nameless)
  return { total: add(ce, mul(orthogonality, orthogonalityWeight)), ce, orthogonality }
}

/** A draw of as many prompts, in the set's proportions, as one-hot rows: [drawn, prompts]. */
function drawSelection(prompts: number, drawn: number, random: RandomStream): HostTensor {
  const data = new Float32Array(drawn * prompts)
  for (const { from, to } of POSITIONS) {
    const members = Array.from({ length: (to - from) * prompts }, (_, i) => from * prompts + i)
    const chosen = random.shuffle(members).slice(0, (to - from) * drawn)
    for (const [i, member] of chosen.entries()) data[(from * drawn + i) * prompts + member] = 1
  }
  return { shape: [drawn, prompts], data }
}

/** The selected contexts of a set [K, n_ctx, width]. */
function selected(set: Tensor, selection: Tensor): Tensor {
  const [k, n, width] = set.shape as [number, number, number]
  return reshape(matmul(selection, reshape(set, [k, n * width])), [selection.dim(0), n, width])
}

/** Variance over the first axis. */
function variance(samples: Tensor): Tensor {
  const deviations = sub(samples, mean(samples, [0], true))
  return mean(mul(deviations, deviations), [0])
}

/** Mean |cosine| of two different rows of L2-normalised features [K, embedDim]. */
function meanAbsoluteCosine(features: Tensor): Tensor {
  const k = features.dim(0)
  const different = values(
    `different:${k}`,
    [k, k],
    Float32Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 0 : 1 / (k * (k - 1)))),
  )
  return sum(mul(abs(matmul(features, swapLast(features))), different))
}
