import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { datasetTemplate } from '../clip/templates.js'
import type { AdamWOptions } from '../train/adam.js'
import type { Configuration, Method } from './method.js'
import { classTemplate } from './prompted-features.js'
import { towerParameters, tunedPart, tunedTower, tunedTowers } from './tuned-towers.js'

const options = z.strictObject({
  tuned: tunedPart
    .default('all')
    .describe('what is trained: all weights but the word embeddings, layer norms, or biases'),
  towers: tunedTower.default('both').describe('whose weights are trained'),
  weightDecay: z.number().min(0).default(0.001).describe("AdamW's weight decay; gains and biases have none"),
  template: classTemplate,
})

/** Trains the tensors of that choice by cross-entropy. */
function tuned(
  clip: Clip,
  trained: readonly string[],
  {
    tuned,
    towers,
    template,
    adamW,
  }: Pick<z.infer<typeof options>, 'tuned' | 'towers' | 'template'> & { readonly adamW: AdamWOptions },
): Configuration {
  return tunedTowers(clip, trained, {
    template,
    parameters: towerParameters(clip, tuned, towers),
    tuning: (weights) => ({ weights }),
    weights: (learned) => learned,
    adamW,
  })
}

/**
 * Full fine-tuning: all weights theta of both towers, or of one, are trained by the cross-entropy of CLIP's own logits,
 *
 *   L = CE(exp(logit_scale) f(x; theta) T(theta)^T)
 *
 * with T the classes' texts by a template. Word embeddings and the logit scale stay. Nothing holds the weights near their
 * start but a small learning rate, so that classes that were not trained are soon forgotten. The settings are those with which
 * ViFi-CLIP trains all of CLIP on few examples a class.
 */
export const fineTune: Method<typeof options> = {
  name: 'fine-tune',
  title: 'Fine-tuning',
  paper:
    'Rasheed et al., "Fine-tuned CLIP Models are Efficient Video Learners", CVPR 2023 (its optimizer and rates)',
  summary: 'all weights of both towers, or of one, trained by cross-entropy',
  options,
  defaults: {
    epochs: 50,
    batchSize: 64,
    learningRate: 2e-6,
    shots: 16,
    warmupEpochs: 5,
    warmup: 'linear',
    warmupLearningRate: 2e-7,
  },
  plainClip: true,
  trainsWeights: true,

  configure: ({ weightDecay, ...choice }, clip, trained) =>
    tuned(clip, trained, {
      ...choice,
      adamW: { beta2: 0.98, weightDecay, decays: (name) => clip.tensors.shape(name).length > 1 },
    }),

  published: ({ protocol, source }) => ({
    ...(protocol === 'fully-supervised'
      ? { epochs: 30, batchSize: 512, learningRate: 2.2e-5 }
      : { epochs: protocol === 'few-shot' ? 50 : 11 }),
    methodOptions: { template: datasetTemplate(source) },
  }),
}

const bitFitOptions = z.strictObject({
  towers: options.shape.towers,
  weightDecay: z.number().min(0).default(0.01).describe("AdamW's weight decay"),
  template: classTemplate,
})

/** BitFit: of all weights only the biases are trained, those of layer norms among them. */
export const bitFit: Method<typeof bitFitOptions> = {
  name: 'bitfit',
  title: 'BitFit',
  paper:
    'Ben Zaken et al., "BitFit: Simple Parameter-efficient Fine-tuning for Transformer-based Masked Language-models", ACL 2022',
  summary: 'the biases of both towers, trained by cross-entropy',
  options: bitFitOptions,
  defaults: { epochs: 100, batchSize: 32, learningRate: 2e-4, shots: 16, warmupEpochs: 0 },
  plainClip: true,
  trainsWeights: true,

  configure: ({ weightDecay, ...choice }, clip, trained) =>
    tuned(clip, trained, { ...choice, tuned: 'bias', adamW: { weightDecay } }),

  published: ({ source }) => ({ methodOptions: { template: datasetTemplate(source) } }),
}
