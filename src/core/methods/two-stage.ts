import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { datasetTemplate } from '../clip/templates.js'
import {
  add,
  div,
  l2Normalize,
  matmul,
  mul,
  sign,
  sqrt,
  sub,
  sum,
  type Tensor,
  values,
} from '../graph/index.js'
import { lowRank, lowRankOptions } from './clip-lora.js'
import type { Configuration, Method, ParameterSpec } from './method.js'
import { classTemplate, crossEntropy, frozenFeatures, withLogits } from './prompted-features.js'
import { epochsOfSteps } from './reference.js'
import { plainHead, towerParameters, tunedTowers } from './tuned-towers.js'

const options = z.strictObject({
  tuned: z
    .enum(['layernorm', 'bias', 'lora'])
    .default('layernorm')
    .describe('what the first stage trains: layer norms, biases, or products of low rank as CLIP-LoRA'),
  share: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.6)
    .describe('alpha: share of the epochs that the first stage takes'),
  weightDecay: z.number().min(0).default(0.01).describe("AdamW's weight decay, in both stages"),
  views: z
    .int()
    .min(1)
    .default(20)
    .describe('augmented views of every image that the second stage goes through in turn'),
  template: classTemplate,
})

/** Class weights of the trained classes. */
const ROWS = 'classifier.weight'

/**
 * Two-stage few-shot adaptation. The first stage trains layer norms of both towers by cross-entropy over the classes' texts,
 * for a share alpha of the steps: features of the task, of which new classes have the good, too. Before it overfits, the
 * second stage freezes both towers and trains the classes' weights alone, which start from the tuned text features:
 *
 *   L = CE(exp(logit_scale) cos(f(x), w_c)),   w_c = T_c at the start
 *
 * A trained class is recognised by its weight, any other one by its text in the tuned text tower.
 */
export const twoStage: Method<typeof options> = {
  name: '2sfs',
  title: '2SFS',
  paper: 'Farina et al., "Rethinking Few-Shot Adaptation of Vision-Language Models in Two Stages", CVPR 2025',
  summary: 'layer norms of both towers, then weights of the trained classes that start from their texts',
  options,
  defaults: { epochs: 100, batchSize: 32, learningRate: 2e-4, shots: 16, warmupEpochs: 0 },
  trainsWeights: true,

  configure({ tuned, share, weightDecay, views, template }, clip, trained) {
    const adamW = { weightDecay }
    const towers =
      tuned === 'lora'
        ? lowRank(clip, { ...z.object(lowRankOptions).parse({}), towers: 'both' })
        : {
            parameters: towerParameters(clip, tuned),
            tuning: (weights: ReadonlyMap<string, Tensor>) => ({ weights }),
            weights: (learned: ReadonlyMap<string, Float32Array>) =>
              new Map([...learned].filter(([name]) => name !== ROWS)),
          }
    const shape = [trained.length, clip.config.embedDim]
    // In the first stage there are none: then a trained class is recognised by its text.
    const none = () => new Float32Array(trained.length * clip.config.embedDim)
    return {
      ...tunedTowers(clip, trained, { template, ...towers, adamW }),
      parameters: [...towers.parameters, { name: ROWS, shape, init: none, trained: false }],

      next: {
        after: share,
        configure: (tuned, learned): Configuration => ({
          parameters: [
            ...towers.parameters.map(
              (spec): ParameterSpec => ({ ...spec, init: () => learned.get(spec.name)!, trained: false }),
            ),
            { name: ROWS, shape, init: (_random, examples) => examples!.text! },
          ],
          teacher: { templates: [template], combination: 'mean' },
          features: { ...frozenFeatures(tuned), views },
          adamW,

          step({ images, labels, parameter }) {
            const step = withLogits(tuned, l2Normalize(parameter(ROWS)), l2Normalize(images))
            return { ...step, terms: { total: crossEntropy(step.logits, labels) } }
          },
          head: (classNames) => mixedHead(tuned, template, trained, classNames),
        }),
      },

      head: (classNames) => mixedHead(clip, template, trained, classNames),
    }
  },

  published: (training) => ({
    epochs: epochsOfSteps(300, 32, training),
    methodOptions: { template: datasetTemplate(training.source) },
  }),
}

/** Trained classes by their weights, where they have any; all others by their texts. */
const mixedHead = (
  clip: Clip,
  template: string,
  trained: readonly string[],
  classNames: readonly string[],
): ReturnType<Configuration['head']> => ({
  ...plainHead(clip, template),
  classify(features, value, text) {
    const places = classNames.flatMap((name) => trained.map((other) => (other === name ? 1 : 0)))
    const chosen = values(
      `places of ${classNames}`,
      [classNames.length, trained.length],
      Float32Array.from(places),
    )
    const rows = matmul(chosen, value(ROWS)) // (classes, embedDim)
    const squares = sum(mul(rows, rows), [1], true)
    const known = sign(squares)
    const unit = div(rows, add(sqrt(squares), sub(1, known)))
    return withLogits(clip, add(unit, mul(text!, sub(1, known))), l2Normalize(features))
  },
})
