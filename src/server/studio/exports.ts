import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { limiter } from '../../core/data/ahead.js'
import type { DownloadChoice } from '../../core/studio/place.js'
import { runForms } from '../../core/studio/run-forms.js'
import { Refusal } from '../refusal.js'
import type { ProjectFolder } from './project-folder.js'

/** What writes a run in another form into a new folder. Throws UserError where it cannot be. */
export type WriteExport = (run: string, format: string, to: string) => Promise<void>

/** Runs in the forms that a person takes away. */
export class Exports {
  private readonly inTurn = limiter(1)

  constructor(
    private readonly project: ProjectFolder,
    private readonly write: WriteExport,
  ) {}

  /** The forms of a run; throws as `runFolder` does. */
  async choices(run: string): Promise<readonly DownloadChoice[]> {
    await this.project.runFolder(run)
    return runForms
  }

  /** Makes a form of a run, replacing an earlier one; of what is there as it is, nothing is made. */
  async make(run: string, format: string): Promise<void> {
    const folder = await this.project.runFolder(run)
    this.check(format)
    if (format === 'run') return
    await this.inTurn(async () => {
      const to = this.folderOf(run, format)
      await rm(to, { recursive: true, force: true })
      await this.write(folder, format, to)
    })
  }

  /** The folder of a form that was made. */
  async made(run: string, format: string): Promise<string> {
    const folder = await this.project.runFolder(run)
    this.check(format)
    return format === 'run' ? folder : this.folderOf(run, format)
  }

  private folderOf(run: string, format: string): string {
    return join(this.project.root, '.studio', 'exports', `${run}-${format}`)
  }

  private check(format: string): void {
    if (!runForms.some((each) => each.format === format)) {
      throw new Refusal(422, `there is no form ${format.slice(0, 100)} to take a run away in`)
    }
  }
}
