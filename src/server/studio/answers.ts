import { limiter } from '../../core/data/ahead.js'
import { conceptTemperature, type Rejection } from '../../core/evaluate/none-of-these.js'
import { chosenThreshold } from '../../core/run/held-out-figures.js'
import type { StudioAnswer } from '../../core/studio/place.js'
import { exifOfRun, loadRun } from '../../node/run.js'
import { readHeldOutFigures } from '../../node/runs/threshold.js'
import { ClassifyService } from '../classify-service.js'

interface OpenRun {
  readonly folder: string
  readonly service: ClassifyService
  readonly canReject: boolean
  close(): Promise<void>
}

/** Lists of class names held ready: those of a person who tries some. */
const CLASS_LISTS = 8

/** Answers of runs, one of which is held open at a time: that of the page. */
export class Answers {
  private readonly inTurn = limiter(1)
  private current: OpenRun | undefined

  constructor(private readonly threads: number | undefined) {}

  /** Classifies a picture; throws as {@link ClassifyService.classify} does, and what opening the run throws. */
  async classify(
    folder: string,
    image: Uint8Array,
    addClasses: readonly string[],
    signal?: AbortSignal,
  ): Promise<StudioAnswer> {
    return this.inTurn(async () => {
      const { service, canReject } = await this.open(folder)
      const answer = await service.classify({ image, addClasses, top: 50 }, signal)
      return { answer: answer.answer, classes: answer.classes, canReject }
    })
  }

  /** Lets go of a run: it is read anew when it is asked again. */
  async close(): Promise<void> {
    await this.inTurn(() => this.closeCurrent())
  }

  private async closeCurrent(): Promise<void> {
    const { current } = this
    this.current = undefined
    await current?.close()
  }

  private async open(folder: string): Promise<OpenRun> {
    if (this.current?.folder === folder) return this.current
    await this.closeCurrent()
    const kept = await readHeldOutFigures(folder)
    const run = await loadRun(folder, this.threads === undefined ? {} : { threads: this.threads })
    try {
      const temperature = kept?.conceptTemperature ?? (await conceptTemperature(run.model.clip))
      const rejection = (classes: number): Rejection | undefined => {
        const threshold = chosenThreshold(kept, classes)
        return threshold === undefined ? undefined : { temperature, threshold }
      }
      // One picture at a time is all that a person shows: weights are held once.
      const service = await ClassifyService.open(run, {
        rejection,
        batchSize: 1,
        classLists: CLASS_LISTS,
        exif: (await exifOfRun(folder)) ?? 'apply',
      })
      this.current = {
        folder,
        service,
        canReject: kept !== undefined,
        async close() {
          await service.release()
          await run.model.close()
        },
      }
      return this.current
    } catch (error) {
      await run.model.close()
      throw error
    }
  }
}
