import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.js'
import { epochOfCheckpoint, runFiles } from '../../core/run/run-files.js'
import type { RunSummary } from '../../core/studio/place.js'
import { accuracyOf, type StudioReport } from '../../core/studio/report.js'
import { sha256 } from '../../node/cache/cache-key.js'
import { readRegular, readRegularText } from '../../node/files/regular-file.js'
import { promptsPath } from '../../node/run.js'
import { readRunConfig } from '../../node/runs/run-directory.js'
import type { ProjectFolder } from './project-folder.js'

/** Name of the report that the studio keeps in a run. */
export const STUDIO_REPORT = 'studio.json'

/** A hint as a page can show it: those about options and commands are for terminals. */
export const plainHint = (hint: string | undefined): string | undefined =>
  hint === undefined || /(^|\s)--\w|`/.test(hint) ? undefined : hint

/** The runs of a project, the newest first, and what is wrong with those that cannot be read. */
export async function readRuns(project: ProjectFolder): Promise<{ runs: RunSummary[]; problems: string[] }> {
  const runs: RunSummary[] = []
  const problems: string[] = []
  for (const name of await readdir(project.runs)) {
    try {
      const found = await readRun(await project.runFolder(name), name)
      if (found) runs.push(found)
    } catch (error) {
      problems.push(`runs/${name} cannot be read: ${(error as Error).message}`)
    }
  }
  return { runs: runs.sort((a, b) => b.begun.localeCompare(a.begun)), problems }
}

async function readRun(folder: string, name: string): Promise<RunSummary | undefined> {
  const config = await readRunConfig(folder)
  if (!config) return undefined
  const { settings, model, data } = config
  const { mtime } = await stat(join(folder, runFiles.config))
  const finished = (await stat(join(folder, runFiles.prompts)).catch(() => undefined)) !== undefined
  const checkpoints = await readdir(join(folder, runFiles.checkpoints)).catch(() => [])
  const report = finished ? await readReport(folder).catch(() => undefined) : undefined
  return {
    name,
    begun: mtime.toISOString(),
    model: model.name,
    method: settings.method,
    classNames: data.classNames,
    finished,
    done: Math.max(0, ...checkpoints.map((each) => epochOfCheckpoint(each) ?? 0)),
    epochs: settings.epochs,
    accuracy: report ? accuracyOf(report) : null,
  }
}

/**
 * The report of a finished run.
 *
 * @throws UserError where there is none of these prompts, as for runs of the command line
 */
export async function readReport(folder: string): Promise<StudioReport> {
  const text = await readRegularText(join(folder, STUDIO_REPORT)).catch(() => undefined)
  const report = text === undefined ? undefined : (JSON.parse(text) as StudioReport)
  const prompts = sha256(await readRegular(await promptsPath(folder)))
  if (report?.prompts === prompts) return report
  throw new UserError('This training was not checked on the pictures of the project.', {
    hint: 'It can be tried and taken away as it is.',
  })
}

/** A name for a new run. */
export async function newRunName(project: ProjectFolder): Promise<string> {
  const taken = (await readdir(project.runs)).flatMap((name) => Number(/^run-(\d+)$/.exec(name)?.[1] ?? 0))
  return `run-${Math.max(0, ...taken) + 1}`
}
