import { photoTemplate } from '../core/clip/templates.js'
import { ConfigError } from '../core/errors.js'
import {
  type EnsembleName,
  ensembles,
  faultOf,
  type TemplateChoice,
  templateHint,
} from '../core/evaluate/zero-shot.js'
import { nearestNames } from '../core/suggest.js'
import { readRegular } from '../node/files/regular-file.js'

/** Names that a choice of templates can have on the command line; anything else is a file. */
const templateChoices = ['dataset', 'photo', ...(Object.keys(ensembles) as EnsembleName[])] as const

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
    if (fault)
      throw new ConfigError(`templates ${nameOrFile}, line ${i + 1}: "${line}" ${fault}`, {
        hint: templateHint,
      })
  }
  const templates = lines.filter((line) => line !== '')
  if (templates.length > 0) return { kind: 'custom', templates }
  throw new ConfigError(`templates ${nameOrFile}: there are none`, { hint: templateHint })
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readRegular(file))
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
