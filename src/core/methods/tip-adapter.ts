import * as z from 'zod'
import {
  abs,
  add,
  exp,
  gemm,
  l2Normalize,
  matmul,
  mul,
  relu,
  reshape,
  sub,
  type Tensor,
  values,
} from '../graph/index.js'
import { meanOfViews } from './gaussian-classes.js'
import type { Examples, Lookup, Method } from './method.js'
import { classTemplate, crossEntropy, frozenFeatures, withLogits } from './prompted-features.js'

const options = z.strictObject({
  template: classTemplate,
  alpha: z.number().min(0).default(1).describe('weight of the cache beside the zero-shot logits'),
  beta: z.number().positive().default(1).describe('how fast a key counts less with its distance'),
  views: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('augmented views of every image, whose mean is its key'),
})

const KEYS = 'adapter.weight'
const LABELS = 'adapter.labels'

/**
 * Tip-Adapter: the training images are a cache beside zero-shot CLIP, their features F the keys, their one-hot labels V
 * the values (equations 3 to 5):
 *
 *   logits = exp(logit_scale) f T^T + alpha exp(-beta (1 - f F^T)) V
 *
 * alpha and beta are the published starting values, not searched for: no validation image is used. Classes that were
 * not trained have no keys: their logits are zero-shot CLIP's alone.
 */
function tipAdapter(
  from: Pick<Method, 'name' | 'title' | 'summary' | 'defaults' | 'learning'>,
): Method<typeof options> {
  return {
    ...from,
    paper:
      'Zhang et al., "Tip-Adapter: Training-free Adaption of CLIP for Few-shot Classification", ECCV 2022',
    options,

    configure({ template, alpha, beta, views }, clip, trained) {
      const width = clip.config.embedDim
      const features = { ...frozenFeatures(clip), views, leastArea: 0.5 }
      const classified = (x: Tensor, value: Lookup, text: Tensor, classNames: readonly string[]) => {
        const zeroShot = withLogits(clip, text, l2Normalize(x))
        const affinity = gemm(zeroShot.image, value(KEYS), { transB: true }) // (B, n)
        const weights = exp(mul(sub(affinity, 1), beta))
        const cached = matmul(weights, oneHot(value(LABELS), trained, classNames))
        return { ...zeroShot, logits: add(zeroShot.logits, mul(cached, alpha)) }
      }
      return {
        parameters: [
          { name: KEYS, shape: [-1, width], init: (_random, examples) => meanViews(examples!, views, width) },
          {
            name: LABELS,
            shape: [-1],
            init: (_random, examples) => Float32Array.from(examples!.labels),
            trained: false,
          },
        ],
        features,
        teacher: { templates: [template], combination: 'mean' },
        adamW: { epsilon: 1e-4, weightDecay: 0.01 },

        step({ images, labels, parameter, frozen }) {
          const step = classified(images, parameter, frozen.text, trained)
          return { ...step, terms: { total: crossEntropy(step.logits, labels) } }
        },

        head: (classNames) => ({
          text: [template],
          features,
          classify: (x, value, text) => classified(x, value, text!, classNames),
        }),
      }
    },
  }
}

/** Tip-Adapter as it is built, without a gradient step. */
export const tipAdapterFree = tipAdapter({
  name: 'tip-adapter',
  title: 'Tip-Adapter',
  summary: 'a cache of the training images’ features beside zero-shot CLIP, without training',
  defaults: { epochs: 1, batchSize: 256, learningRate: 1e-3, shots: 16 },
  learning: 'closed form',
})

/** Tip-Adapter-F: the keys are trained from where Tip-Adapter leaves them. The last epoch's are kept, not the best on test images. */
export const tipAdapterF = tipAdapter({
  name: 'tip-adapter-f',
  title: 'Tip-Adapter-F',
  summary: 'the cache of Tip-Adapter with its keys trained',
  defaults: { epochs: 20, batchSize: 256, learningRate: 1e-3, shots: 16, warmupEpochs: 0 },
  learning: 'features',
})

/** Rows [n, classes] of the labels [n], indices of trained classes; 0 where a class was not trained. */
function oneHot(labels: Tensor, trained: readonly string[], classNames: readonly string[]): Tensor {
  const places = Float32Array.from(classNames, (name) => trained.indexOf(name))
  const columns = values(`places:${places}`, [1, classNames.length], places)
  return relu(sub(1, abs(sub(reshape(labels, [-1, 1]), columns))))
}

/** The mean over an image's views, at length 1: [images, width]. */
async function meanViews(examples: Examples, views: number, width: number): Promise<Float32Array> {
  const all: Float32Array[] = []
  for (let v = 1; v <= views; v++) all.push(await examples.view(v))
  return meanOfViews(all, width)
}
