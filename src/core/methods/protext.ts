import * as z from 'zod'
import { abs, l2Normalize, matmul, mean, mul, reshape, sub, type Tensor } from '../graph/index.js'
import { checkStartingWords } from './context-vectors.js'
import { ivlp, vlPromptOptions } from './ivlp.js'
import type { LossTerms, Method } from './method.js'
import { textFeatureSet, textPrompts, withLogits } from './prompted-features.js'
import { acrossDatasets, type PublishedSettings } from './reference.js'

const { contextInit, textContext, textDepth } = vlPromptOptions

const options = z.strictObject({
  contextInit,
  textContext,
  textDepth,
  matching: z
    .enum(['mse', 'l1'])
    .default('mse')
    .describe('how prompted features of classes are matched with those of their descriptions'),
  matchingWeight: z.number().positive().default(1000).describe('weight of the mse; l1 has none'),
})

/**
 * ProText: deep prompts of the text tower, learned from sentences alone. What the prompted tower makes of a class's name,
 * g_p("a photo of a {c}."), is mapped to what frozen CLIP makes of a description of the class, g(description):
 *
 *   L = 1/(B d) sum ||g_p / |g_p| - g / |g|||^2
 *
 * over the B descriptions of a batch, a sample each, and d entries, times 1000 as in the published code. Images are recognised by
 * the prompted class features and the unprompted image tower, so that whatever the mapping holds is there for other names, too.
 */
export const protext: Method<typeof options> = {
  name: 'protext',
  title: 'ProText',
  paper:
    'Khattak et al., "Learning to Prompt with Text Only Supervision for Vision-Language Models", AAAI 2025',
  summary: 'deep text prompts that learn from sentences about the classes, without images',
  options,
  defaults: { epochs: 200, batchSize: 256, learningRate: 0.03, shots: 0, warmupEpochs: 5 },
  learning: 'texts',
  depths: { textDepth: ['text'] },

  check: ({ contextInit, textContext }) => checkStartingWords(contextInit, textContext, 'textContext'),

  configure({ contextInit, textContext, textDepth, matching, matchingWeight }, clip, classNames) {
    const own = { contextInit, textContext, textDepth, visionContext: 1, visionDepth: 0 }
    const prompted = ivlp.configure(own, clip, classNames)
    return {
      ...prompted,
      sentences: { width: clip.config.embedDim },
      adamW: { beta1: 0.9, beta2: 0.98, weightDecay: 0.1 },

      step({ images: sentences, labels, parameter, classesAtOnce }) {
        const described = l2Normalize(sentences)
        const sets = textPrompts(prompted.prompts!(parameter), described)
        const set = textFeatureSet(clip, sets, classNames, { classesAtOnce })
        const classes = reshape(set, set.shape.slice(1))
        const named = matmul(labels, classes)
        const terms =
          matching === 'mse' ? squares(named, described, matchingWeight) : absolutes(named, described)
        return { ...withLogits(clip, classes, described), terms }
      },
    }
  },

  published: (training) =>
    training.protocol === 'cross-dataset'
      ? settings(10, 4)
      : acrossDatasets(training)
        ? settings(200, 16, SLOW)
        : ((training.protocol === 'base-to-novel' ? baseToNovel : textOnly)[training.source] ?? {}),
}

function squares(named: Tensor, described: Tensor, weight: number): LossTerms {
  const difference = sub(named, described)
  return { total: mul(mean(mul(difference, difference)), weight) }
}

const absolutes = (named: Tensor, described: Tensor): LossTerms => ({
  total: mean(abs(sub(named, described))),
})

const FAST = 0.03
const SLOW = 0.0025

function settings(epochs: number, textContext: number, learningRate = FAST): PublishedSettings {
  return { epochs, learningRate, methodOptions: { textContext } }
}

/** The paper's table 17. */
const baseToNovel: Readonly<Record<string, PublishedSettings>> = {
  ImageNet: settings(30, 4),
  Caltech101: settings(30, 8),
  OxfordPets: settings(50, 4),
  StanfordCars: settings(30, 8),
  OxfordFlowers: settings(150, 4, SLOW),
  Food101: settings(50, 8, SLOW),
  FGVCAircraft: settings(200, 4),
  SUN397: settings(30, 8),
  DescribableTextures: settings(200, 4),
  EuroSAT: settings(30, 16),
  UCF101: settings(20, 16, SLOW),
}

/** The paper's table 18; of ImageNet the rate of the published configuration, by which domains are generalized as well. */
const textOnly: Readonly<Record<string, PublishedSettings>> = {
  ImageNet: settings(200, 16, SLOW),
  Caltech101: settings(30, 16),
  OxfordPets: settings(50, 4),
  StanfordCars: settings(20, 8),
  OxfordFlowers: settings(300, 4, SLOW),
  Food101: settings(30, 16),
  FGVCAircraft: settings(200, 4),
  SUN397: settings(200, 16),
  DescribableTextures: settings(200, 16),
  EuroSAT: settings(300, 4, SLOW),
  UCF101: settings(100, 8, SLOW),
}
