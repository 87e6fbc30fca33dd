import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  damagedFigures,
  type HeldOutFigures,
  heldOutFiguresText,
  parseHeldOutFigures,
} from '../../core/run/held-out-figures.js'
import { runFiles } from '../../core/run/run-files.js'
import { sha256 } from '../cache/cache-key.js'
import { writeFileAtomic } from '../files/atomic.js'
import { readRegularText } from '../files/regular-file.js'
import { promptsPath } from '../run.js'

/** Keeps figures in a finished run, replacing those that were there. */
export async function keepHeldOutFigures(
  path: string,
  figures: Omit<HeldOutFigures, 'prompts'>,
): Promise<void> {
  const text = heldOutFiguresText(await promptsHash(path), figures)
  await writeFileAtomic(join(path, runFiles.noneOfThese), text)
}

/**
 * What a run keeps of its held-out images; undefined where it keeps nothing, or figures of other prompts.
 *
 * @param path run directory, or its prompts file
 * @throws UserError when the file is damaged
 */
export async function readHeldOutFigures(path: string): Promise<HeldOutFigures | undefined> {
  const file = join(dirname(await promptsPath(path)), runFiles.noneOfThese)
  const text = await readRegularText(file).catch((cause) => {
    if (cause.code === 'ENOENT') return undefined
    throw damagedFigures(file, cause, `cannot be read: ${cause.code}`)
  })
  if (text === undefined) return undefined
  const found = parseHeldOutFigures(text, file)
  return found.prompts === (await promptsHash(path)) ? found : undefined
}

const promptsHash = async (path: string): Promise<string> => sha256(await readFile(await promptsPath(path)))
