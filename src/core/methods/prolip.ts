import * as z from 'zod'
import { add, l2Normalize, mul, sub, sum, type Tensor } from '../graph/index.js'
import type { Method } from './method.js'
import { classTemplate, crossEntropy, withLogits } from './prompted-features.js'

const options = z.strictObject({
  template: classTemplate,
  distanceWeight: z
    .union([z.literal('1/shots'), z.number().min(0)])
    .default('1/shots')
    .describe('weight of the squared distance of the projection from its start: a number, or 1/shots'),
  views: z
    .int()
    .min(1)
    .default(20)
    .describe('augmented views of every image, one a step, in turn (published: 300)'),
})

/**
 * ProLIP: of all of CLIP only the last linear map of the image tower is trained, W in f = x W / ||x W||, with x what the
 * frozen tower pools of an image, and it is held near its start:
 *
 *   L = CE(exp(logit_scale) f T^T) + lambda ||W - W_0||_F^2
 *
 * The tower is computed once a view; a step on all images then takes milliseconds. What is learned is named and shaped
 * as in CLIP's state dict: put in its place, the result is a plain CLIP, which knows any class. Steps, learning rate,
 * lambda and crops are the published ones; no validation images are used.
 */
export const prolip: Method<typeof options> = {
  name: 'prolip',
  title: 'ProLIP',
  paper: 'Fahes et al., "Fine-tuning CLIP\'s Last Visual Projector: A Few-Shot Cornucopia", 2024',
  summary: "the image tower's last projection, trained on its frozen features and held near its start",
  options,
  // An epoch is one step on all images.
  defaults: { epochs: 300, batchSize: 100_000, learningRate: 1e-5, shots: 16, warmupEpochs: 0 },
  learning: 'features',
  plainClip: true,

  configure({ template, distanceWeight, views }, clip) {
    const { projection, pooled } = clip.imageTower
    const features = { width: projection.inputs, tower: pooled, views, leastArea: 0.5 }
    const classified = (x: Tensor, weight: Tensor, text: Tensor) =>
      withLogits(clip, text, l2Normalize(projection.apply(x, weight)))
    return {
      parameters: [
        { name: projection.name, shape: projection.shape, init: () => clip.tensors.read(projection.name) },
      ],
      features,
      teacher: { templates: [template], combination: 'mean' },
      adamW: { epsilon: 1e-4, weightDecay: 0 },

      step({ images, labels, parameter, frozen, shots }) {
        const weight = parameter(projection.name)
        const step = classified(images, weight, frozen.text)
        const ce = crossEntropy(step.logits, labels)
        const moved = sub(weight, projection.weight)
        const lambda = distanceWeight === '1/shots' ? 1 / Math.max(1, shots) : distanceWeight
        const distance = mul(sum(mul(moved, moved)), lambda)
        return { ...step, terms: { ce, distance, total: add(ce, distance) } }
      },

      head: () => ({
        text: [template],
        features,
        classify: (x, value, text) => classified(x, value(projection.name), text!),
      }),
    }
  },
}
