import { readFile } from 'node:fs/promises'
import {
  clipTemplates,
  datasetTemplate,
  ensembleTemplates,
  photoTemplate,
  promptSrcTemplates,
} from '../clip/templates.js'
import type { Dataset } from '../data/dataset.js'
import { referenceName } from '../datasets/names.js'
import { ConfigError } from '../errors.js'
import { nearestNames } from '../suggest.js'

/** How the class names become texts. */
export type TemplateChoice =
  /** The data set's own template (CoOp's list); "a photo of a {}." for a data set that has none. */
  | { readonly kind: 'dataset' }
  /** A list whose features are averaged; see {@link ensembles}. */
  | { readonly kind: 'ensemble'; readonly name: EnsembleName }
  /** Templates as given; the features of several are averaged. */
  | { readonly kind: 'custom'; readonly templates: readonly string[] }

/** The named template lists, by data set (name as the reference writes it). */
const ensembles = {
  /** The 7 that CLIP's authors selected, with the data set's own template but for ImageNet. */
  clip7: (dataset: string): readonly string[] => ensembleTemplates(dataset),
  /** The 80 that CLIP was evaluated with on ImageNet. */
  clip80: (): readonly string[] => clipTemplates,
  /** The 60 of PromptSRC's textual diversity. */
  promptsrc60: (): readonly string[] => promptSrcTemplates,
} as const

/** Name of a template list. */
export type EnsembleName = keyof typeof ensembles

/** Names that a choice of templates can have on the command line; anything else is a file. */
const templateChoices = ['dataset', 'photo', ...(Object.keys(ensembles) as EnsembleName[])] as const

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
        if (fault) throw new ConfigError(`template "${template}" ${fault}`, { hint })
      }
      return choice.templates
    }
  }
}

/**
 * The choice that a name or file stands for; a file has one template a line, empty lines are left out.
 *
 * @throws ConfigError for an unknown name that is no file, and for a file with a bad line
 */
export async function templateChoice(nameOrFile: string): Promise<TemplateChoice> {
  if (nameOrFile === 'dataset') return { kind: 'dataset' }
  if (nameOrFile === 'photo') return { kind: 'custom', templates: [photoTemplate] }
  if (Object.hasOwn(ensembles, nameOrFile)) return { kind: 'ensemble', name: nameOrFile as EnsembleName }
  const lines = (await readText(nameOrFile)).split(/\r\n|\r|\n/).map((line) => line.trim())
  for (const [i, line] of lines.entries()) {
    const fault = line === '' ? undefined : faultOf(line)
    if (fault) throw new ConfigError(`templates ${nameOrFile}, line ${i + 1}: "${line}" ${fault}`, { hint })
  }
  const templates = lines.filter((line) => line !== '')
  if (templates.length > 0) return { kind: 'custom', templates }
  throw new ConfigError(`templates ${nameOrFile}: there are none`, { hint })
}

const hint = `Write a template like "${photoTemplate}", with {} once, where the class name goes.`

function faultOf(template: string): string | undefined {
  const slots = template.split('{}').length - 1
  if (slots === 0) return 'has no {} for the class name'
  return slots > 1 ? `has ${slots} {}; expected one, for the class name` : undefined
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      const nearest = nearestNames(file, templateChoices)
      throw new ConfigError(`templates ${file}: no such file, and none of ${templateChoices.join(', ')}`, {
        hint: nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : 'Name a list or a text file.',
        cause,
      })
    }
    const reason = cause instanceof TypeError ? 'not UTF-8 text' : (code ?? cause)
    throw new ConfigError(`templates ${file}: cannot be read (${reason})`, { cause })
  }
}
