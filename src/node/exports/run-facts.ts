import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as z from 'zod'
import type { MeasuredAccuracy, RunFacts } from '../../core/export/model-card.js'
import { isEvaluation, runFiles } from '../../core/run/run-files.js'
import { readRegularText } from '../files/regular-file.js'
import { readRunConfig } from '../runs/run-directory.js'

const figures = z.object({
  data: z.string(),
  accuracy: z.number(),
  count: z.int(),
  classes: z.string().optional(),
})

/** What a run directory says of the run: its data, its settings, what was measured. Of prompts alone nothing is known. */
export async function runFacts(path: string): Promise<RunFacts> {
  const config = await readRunConfig(path).catch(() => undefined)
  const names = await readdir(path).catch(() => [])
  const files = names.filter((name) => name === runFiles.metrics || isEvaluation(name)).sort()
  const measured: MeasuredAccuracy[] = []
  for (const name of files) {
    const found = await readFigures(join(path, name))
    if (!found || found.count === 0) continue
    // The name of an evaluation ends with the choice of classes.
    const classes =
      name === runFiles.metrics ? 'trained' : (/-([a-z]+)\.json$/.exec(basename(name))?.[1] ?? 'all')
    measured.push({ data: found.data, classes, images: found.count, accuracy: found.accuracy })
  }
  return {
    ...(config ? { data: config.data, settings: config.settings } : {}),
    measured,
  }
}

async function readFigures(path: string): Promise<z.output<typeof figures> | undefined> {
  try {
    const parsed = figures.safeParse(JSON.parse(await readRegularText(path)))
    return parsed.data
  } catch {
    return undefined
  }
}
