import * as z from 'zod'
import { add, gemm, l2Normalize, mul, reshape } from '../graph/index.js'
import { unitRows } from '../rows.js'
import { discriminants, gaussians, heldOutAlpha, meanOfViews, standIn } from './gaussian-classes.js'
import type { Examples, Method } from './method.js'
import { classTemplate, crossEntropy, frozenFeatures, withLogits } from './prompted-features.js'

const options = z.strictObject({
  template: classTemplate,
  alpha: z
    .union([z.literal('held out'), z.number().min(0)])
    .default('held out')
    .describe('weight of the Gaussians: a number, or the best on training images that are held out'),
  views: z.int().min(1).max(1000).default(10).describe('augmented views of every image'),
  neighbours: z
    .int()
    .min(1)
    .max(1e6)
    .default(64)
    .describe('training images that stand in for a class that has none'),
  textCopies: z.int().min(0).max(1e4).default(16).describe('copies of its text feature beside them'),
})

const [WEIGHTS, BIAS, PRECISION, IMAGES, ALPHA] = ['weights', 'bias', 'precision', 'images', 'alpha'].map(
  (name) => `gda.${name}`,
) as [string, string, string, string, string]
const ALPHAS = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100]

/**
 * Gaussian discriminant analysis on frozen features, in closed form: classes are Gaussians of one covariance S, whose
 * inverse is shrunk, and the classifier that follows stands beside zero-shot CLIP (sections 3.1 and 3.2):
 *
 *   P = d ((n - 1) S + tr(S) I)^-1,  w_c = P mu_c,  b_c = log(1 / C) - mu_c^T P mu_c / 2
 *   logits = exp(logit_scale) f T^T + alpha (f W + b)
 *
 * A class that was not trained is a Gaussian of the training images nearest to its text and copies of that text's
 * feature (section 3.3), with the trained classes' covariance. alpha is the best of 1e-4 .. 100 where one half of every
 * class's training images is classified by the other; with an image a class it is 1. No test image takes part.
 */
export const gda: Method<typeof options> = {
  name: 'gda',
  title: 'GDA',
  paper: 'Wang et al., "A Hard-to-Beat Baseline for Training-Free CLIP-based Adaptation", ICLR 2024',
  summary: 'Gaussians of the training images’ features beside zero-shot CLIP, in closed form',
  options,
  defaults: { epochs: 1, batchSize: 256, learningRate: 1e-3, shots: 16 },
  learning: 'closed form',

  configure({ template, alpha, views, neighbours, textCopies }, clip, trained) {
    const width = clip.config.embedDim
    const features = { ...frozenFeatures(clip), views, leastArea: 0.5 }
    const solutions = new WeakMap<Examples, Promise<Map<string, Float32Array>>>()
    const solve = async (examples: Examples) => {
      const { labels, text } = examples
      const all: Float32Array[] = []
      for (let v = 1; v <= views; v++) all.push(unitRows(await examples.view(v), width))
      const scale = Math.exp((await clip.tensors.read('logit_scale'))[0]!)
      const sizes = { labels, text: text!, scale, classes: trained.length, width }
      const chosen = alpha === 'held out' ? (heldOutAlpha(all, ALPHAS, sizes) ?? 1) : alpha
      const { means, precision } = gaussians(all, [...labels.keys()], labels, trained.length, width)
      const { weights, bias } = discriminants(means, precision, width)
      return new Map([
        [WEIGHTS, Float32Array.from(weights)],
        [BIAS, Float32Array.from(bias)],
        [PRECISION, Float32Array.from(precision)],
        [IMAGES, meanOfViews(all, width)],
        [ALPHA, Float32Array.of(chosen)],
      ])
    }
    const parameter = (name: string, shape: readonly number[]) => ({
      name,
      shape,
      trained: false,
      async init(_random: unknown, examples?: Examples) {
        const solution = solutions.get(examples!) ?? solve(examples!)
        solutions.set(examples!, solution)
        return (await solution).get(name)!
      },
    })
    return {
      parameters: [
        parameter(WEIGHTS, [trained.length, width]),
        parameter(BIAS, [trained.length]),
        parameter(PRECISION, [width, width]),
        parameter(IMAGES, [-1, width]),
        parameter(ALPHA, [1]),
      ],
      features,
      teacher: { templates: [template], combination: 'mean' },

      step({ images, labels, parameter: value, frozen }) {
        const zeroShot = withLogits(clip, frozen.text, l2Normalize(images))
        const own = gemm(zeroShot.image, value(WEIGHTS), { transB: true, bias: value(BIAS) })
        const logits = add(zeroShot.logits, mul(own, reshape(value(ALPHA), [])))
        return { ...zeroShot, logits, terms: { total: crossEntropy(logits, labels) } }
      },

      head: (classNames) => ({
        text: [template],
        features,
        derive(learned, text) {
          const precision = Float64Array.from(learned.get(PRECISION)!)
          const [count, weights] = [classNames.length, new Float32Array(classNames.length * width)]
          const bias = new Float32Array(count)
          for (const [c, name] of classNames.entries()) {
            const known = trained.indexOf(name)
            if (known >= 0) {
              weights.set(learned.get(WEIGHTS)!.subarray(known * width, (known + 1) * width), c * width)
              bias[c] = learned.get(BIAS)![known]! + Math.log(trained.length / count)
              continue
            }
            const own = text.subarray(c * width, (c + 1) * width)
            const mean = standIn(learned.get(IMAGES)!, own, neighbours, textCopies)
            const found = discriminants(mean, precision, width, count)
            weights.set(found.weights, c * width)
            bias[c] = found.bias[0]!
          }
          return {
            'gda.own.weights': { shape: [count, width], data: weights },
            'gda.own.bias': { shape: [count], data: bias },
          }
        },
        classify(x, value, text) {
          const zeroShot = withLogits(clip, text!, l2Normalize(x))
          const own = gemm(zeroShot.image, value('gda.own.weights'), {
            transB: true,
            bias: value('gda.own.bias'),
          })
          return { ...zeroShot, logits: add(zeroShot.logits, mul(own, reshape(value(ALPHA), []))) }
        },
      }),
    }
  },
}
