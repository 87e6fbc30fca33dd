import * as z from 'zod'
import type { Tuning } from '../clip/block-weights.js'
import type { Clip } from '../clip/clip.js'
import { templateText } from '../clip/template-text.js'
import { ConfigError } from '../errors.js'
import { l2Normalize, type Tensor } from '../graph/index.js'
import type { ClassHead, Configuration, Lookup, ParameterSpec } from './method.js'
import { crossEntropy, frozenFeatures, promptedImage, withLogits } from './prompted-features.js'

/** Which of a tower's tensors are trained. */
export const tunedPart = z.enum(['all', 'layernorm', 'bias'])
/** Whose tensors are trained. */
export const tunedTower = z.enum(['both', 'image', 'text'])

const partOf: Readonly<Record<z.infer<typeof tunedPart>, RegExp>> = {
  all: /./,
  layernorm: /(^|\.)ln_\w+\.(weight|bias)$/,
  bias: /bias$/,
}

const inImageTower = (name: string): boolean => name.startsWith('visual.')

/**
 * Tensors of CLIP's towers as parameters, by their names in its state dict, which start from CLIP's own.
 *
 * @throws ConfigError where the image tower cannot be trained
 */
export function towerParameters(
  clip: Clip,
  part: z.infer<typeof tunedPart>,
  tower: z.infer<typeof tunedTower> = 'both',
): ParameterSpec[] {
  checkTunable(clip, tower)
  return clip
    .tunable()
    .filter(
      ([name]) => partOf[part].test(name) && (tower === 'both' || inImageTower(name) === (tower === 'image')),
    )
    .map(([name, shape]) => ({ name, shape, init: () => clip.tensors.read(name) }))
}

/** @throws ConfigError where the image tower is to be trained and cannot be */
export function checkTunable({ imageTower, name }: Clip, tower: z.infer<typeof tunedTower>): void {
  if (tower === 'text' || imageTower.tunable) return
  const { title } = imageTower
  throw new ConfigError(
    `weights of ${/^[AEIOU]/.test(title) ? 'an' : 'a'} ${title} image tower cannot be trained, as that of ${name}`,
    {
      hint: 'Choose a ViT model, or train the text tower alone where the method has an option for it.',
    },
  )
}

/** What a method that trains weights of the towers says of itself. */
export interface TunedTowers extends Pick<Configuration, 'adamW' | 'draws' | 'weights'> {
  /** Text of a class, with {} for its name. */
  readonly template: string
  readonly parameters: readonly ParameterSpec[]
  /** How tensors of these names and shapes enter the towers. `drawn` is what was drawn for the step. */
  tuning(tensors: ReadonlyMap<string, Tensor>, drawn: Lookup): Tuning
}

/**
 * A method that trains weights of CLIP's towers by cross-entropy over texts by a template, which are encoded anew in each
 * step; what classifies is the CLIP that has these weights. A tower without parameters stays frozen.
 */
export function tunedTowers(
  clip: Clip,
  trained: readonly string[],
  { template, parameters, tuning, ...given }: TunedTowers,
): Configuration {
  const [ofImages, ofTexts] = [true, false].map((image) =>
    parameters.filter(({ name }) => inImageTower(name) === image).map(({ name }) => name),
  ) as [string[], string[]]
  const among = (names: readonly string[], parameter: Lookup) =>
    new Map(names.map((name) => [name, parameter(name)]))
  return {
    ...given,
    parameters,
    ...(ofTexts.length === 0 ? { teacher: { templates: [template], combination: 'mean' } } : {}),

    step({ images, labels, parameter, drawn, frozen, classesAtOnce }) {
      const as = (tensors: ReadonlyMap<string, Tensor>) => tuning(tensors, drawn)
      const tensors = among(ofTexts, parameter)
      const text =
        ofTexts.length === 0
          ? frozen.text
          : l2Normalize(templateText(clip, template, trained, { tuned: { tensors, as }, classesAtOnce }))
      const model = ofImages.length === 0 ? clip : clip.tuned(as(among(ofImages, parameter)))
      const step = withLogits(clip, text, promptedImage(model, images))
      return { ...step, terms: { total: crossEntropy(step.logits, labels) } }
    },

    head: () => plainHead(clip, template),
  }
}

/** The head of a plain CLIP: cosines of its features, with any class's text by a template. */
export const plainHead = (clip: Clip, template: string): ClassHead => ({
  text: [template],
  features: frozenFeatures(clip),
  classify: (features, _values, text) => withLogits(clip, text!, l2Normalize(features)),
})
