import {
  clipTemplates,
  datasetTemplate,
  ensembleTemplates,
  photoTemplate,
  promptSrcTemplates,
} from '../clip/templates.js'
import type { Dataset } from '../data/dataset.js'
import { referenceName } from '../data/dataset-names.js'
import { ConfigError } from '../errors.js'

/** How the class names become texts. */
export type TemplateChoice =
  /** The data set's own template (CoOp's list); "a photo of a {}." for a data set that has none. */
  | { readonly kind: 'dataset' }
  /** A list whose features are averaged; see {@link ensembles}. */
  | { readonly kind: 'ensemble'; readonly name: EnsembleName }
  /** Templates as given; the features of several are averaged. */
  | { readonly kind: 'custom'; readonly templates: readonly string[] }

/** The named template lists, by data set (name as the reference writes it). */
export const ensembles = {
  /** The 7 that CLIP's authors selected, with the data set's own template but for ImageNet. */
  clip7: (dataset: string): readonly string[] => ensembleTemplates(dataset),
  /** The 80 that CLIP was evaluated with on ImageNet. */
  clip80: (): readonly string[] => clipTemplates,
  /** The 60 of PromptSRC's textual diversity. */
  promptsrc60: (): readonly string[] => promptSrcTemplates,
} as const

/** Name of a template list. */
export type EnsembleName = keyof typeof ensembles

/**
 * Templates of a choice for a data set.
 *
 * @param dataset with any name that {@link referenceName} knows; its own template wins over that name's
 * @throws ConfigError when a template has not exactly one `{}`
 */
export function templatesFor(
  choice: TemplateChoice,
  { name, template }: Pick<Dataset, 'name' | 'template'>,
): readonly string[] {
  switch (choice.kind) {
    case 'dataset':
      return [template ?? datasetTemplate(referenceName(name) ?? name)]
    case 'ensemble':
      return ensembles[choice.name](referenceName(name) ?? name)
    case 'custom': {
      for (const template of choice.templates) {
        const fault = faultOf(template)
        if (fault) throw new ConfigError(`template "${template}" ${fault}`, { hint: templateHint })
      }
      return choice.templates
    }
  }
}

/** How to write a template. */
export const templateHint = `Write a template like "${photoTemplate}", with {} once, where the class name goes.`

/** What is wrong with a template; undefined where nothing is. */
export function faultOf(template: string): string | undefined {
  const slots = template.split('{}').length - 1
  if (slots === 0) return 'has no {} for the class name'
  return slots > 1 ? `has ${slots} {}; expected one, for the class name` : undefined
}
