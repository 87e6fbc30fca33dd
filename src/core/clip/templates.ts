import { ConfigError } from '../errors.js'

/** Where a template takes the class name. */
const slot = '{}'

/** The plainest template; also the prompt that most published methods start from. */
export const photoTemplate = 'a photo of a {}.'

/**
 * Templates of the zero-shot baseline by data set (names as the reference writes them), from CoOp (Zhou et al.,
 * "Learning to prompt for vision-language models"), most of them after CLIP (Radford et al., "Learning transferable
 * visual models", section 3.1.4).
 */
export const datasetTemplates: Readonly<Record<string, string>> = {
  OxfordPets: 'a photo of a {}, a type of pet.',
  OxfordFlowers: 'a photo of a {}, a type of flower.',
  FGVCAircraft: 'a photo of a {}, a type of aircraft.',
  DescribableTextures: '{} texture.',
  EuroSAT: 'a centered satellite photo of {}.',
  StanfordCars: photoTemplate,
  Food101: 'a photo of {}, a type of food.',
  SUN397: photoTemplate,
  Caltech101: photoTemplate,
  UCF101: 'a photo of a person doing {}.',
  ImageNet: photoTemplate,
  ImageNetSketch: photoTemplate,
  ImageNetV2: photoTemplate,
  ImageNetA: photoTemplate,
  ImageNetR: photoTemplate,
}

/** The 80 templates that CLIP was evaluated with on ImageNet (its notebook "Prompt engineering for ImageNet"). */
export const clipTemplates: readonly string[] = [
  'a bad photo of a {}.',
  'a photo of many {}.',
  'a sculpture of a {}.',
  'a photo of the hard to see {}.',
  'a low resolution photo of the {}.',
  'a rendering of a {}.',
  'graffiti of a {}.',
  'a bad photo of the {}.',
  'a cropped photo of the {}.',
  'a tattoo of a {}.',
  'the embroidered {}.',
  'a photo of a hard to see {}.',
  'a bright photo of a {}.',
  'a photo of a clean {}.',
  'a photo of a dirty {}.',
  'a dark photo of the {}.',
  'a drawing of a {}.',
  'a photo of my {}.',
  'the plastic {}.',
  'a photo of the cool {}.',
  'a close-up photo of a {}.',
  'a black and white photo of the {}.',
  'a painting of the {}.',
  'a painting of a {}.',
  'a pixelated photo of the {}.',
  'a sculpture of the {}.',
  'a bright photo of the {}.',
  'a cropped photo of a {}.',
  'a plastic {}.',
  'a photo of the dirty {}.',
  'a jpeg corrupted photo of a {}.',
  'a blurry photo of the {}.',
  'a photo of the {}.',
  'a good photo of the {}.',
  'a rendering of the {}.',
  'a {} in a video game.',
  'a photo of one {}.',
  'a doodle of a {}.',
  'a close-up photo of the {}.',
  'a photo of a {}.',
  'the origami {}.',
  'the {} in a video game.',
  'a sketch of a {}.',
  'a doodle of the {}.',
  'a origami {}.',
  'a low resolution photo of a {}.',
  'the toy {}.',
  'a rendition of the {}.',
  'a photo of the clean {}.',
  'a photo of a large {}.',
  'a rendition of a {}.',
  'a photo of a nice {}.',
  'a photo of a weird {}.',
  'a blurry photo of a {}.',
  'a cartoon {}.',
  'art of a {}.',
  'a sketch of the {}.',
  'a embroidered {}.',
  'a pixelated photo of a {}.',
  'itap of the {}.',
  'a jpeg corrupted photo of the {}.',
  'a good photo of a {}.',
  'a plushie {}.',
  'a photo of the nice {}.',
  'a photo of the small {}.',
  'a photo of the weird {}.',
  'the cartoon {}.',
  'art of the {}.',
  'a drawing of the {}.',
  'a photo of the large {}.',
  'a black and white photo of a {}.',
  'the plushie {}.',
  'a dark photo of a {}.',
  'itap of a {}.',
  'graffiti of the {}.',
  'a toy {}.',
  'itap of my {}.',
  'a photo of a cool {}.',
  'a photo of a small {}.',
  'a tattoo of the {}.',
]

/**
 * The 60 templates whose mean is the frozen text feature in PromptSRC (paper, section 3.2.3, "textual diversity"),
 * for every data set alike: the plain photo, then CLIP's first 60 without it.
 */
export const promptSrcTemplates: readonly string[] = [
  photoTemplate,
  ...clipTemplates.slice(0, 60).filter((template) => template !== photoTemplate),
]

/** The 7 templates that CLIP's notebook found to do most of the work of the 80; the zero-shot ensemble uses them. */
export const selectedTemplates: readonly string[] = [
  'itap of a {}.',
  'a bad photo of the {}.',
  'a origami {}.',
  'a photo of the large {}.',
  'a {} in a video game.',
  'art of the {}.',
  'a photo of the small {}.',
]

/**
 * Templates of the zero-shot ensemble for a data set: the selected 7, and the data set's own unless it is plain
 * ImageNet. A data set that has none of its own gets the plain photo.
 */
export function ensembleTemplates(dataset: string): readonly string[] {
  if (dataset === 'ImageNet') return selectedTemplates
  return [...selectedTemplates, datasetTemplate(dataset)]
}

/** A data set's own template; the plain photo where the reference has none. */
export function datasetTemplate(dataset: string): string {
  return Object.hasOwn(datasetTemplates, dataset) ? datasetTemplates[dataset]! : photoTemplate
}

/**
 * The template with every `{}` replaced by the class name, taken literally. Equal to Python's `format` and
 * `replace` alike for templates without other braces; braces in the name stay.
 *
 * @throws ConfigError when the template has no `{}`
 */
export function fillTemplate(template: string, className: string): string {
  if (!template.includes(slot)) {
    throw new ConfigError(`template "${template}" has no {} for the class name`, {
      hint: `Write it like "${photoTemplate}"`,
    })
  }
  return template.replaceAll(slot, () => className)
}

/** A class name as prompts use it: underscores read as spaces, nothing else changes. */
export function readableClassName(name: string): string {
  return name.replaceAll('_', ' ')
}

/** Whether a name shows nothing: CLIP would read it as no class at all. */
export const isBlankName = (name: string): boolean => /^[\p{Z}\p{Cc}\p{Cf}]*$/u.test(name)

/** A class name as prompts use it: underscores as spaces, composed characters (NFC), single spaces. */
export function tidyClassName(name: string): string {
  return readableClassName(name).normalize('NFC').trim().replaceAll(/\s+/g, ' ')
}
