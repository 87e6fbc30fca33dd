import { availableParallelism } from 'node:os'

/** Memory of a unit before any is known, in MB: training PromptSRC on ViT-B/16 peaks at about this. */
const PRIOR_MB = 2000
/** Share of the free memory that units may fill. */
const FILLED = 0.8

/** How many units may run at once, and with how many threads each. */
export class Parallel {
  private readonly availableMB = process.availableMemory() / 1e6
  private readonly most: number
  private peak: number

  /**
   * @param units how many there are to do
   * @param peaks peak memory of units done before, in MB
   * @param jobs as the user wants it; else one a core, as far as memory goes
   */
  constructor(
    units: number,
    peaks: readonly number[],
    private readonly jobs: number | undefined,
  ) {
    this.peak = Math.max(0, ...peaks)
    this.most = Math.max(1, Math.min(units, jobs ?? Math.min(availableParallelism(), this.byMemory())))
  }

  /** Never more than at first: threads stay the same for all units. */
  get limit(): number {
    return this.jobs === undefined ? Math.max(1, Math.min(this.most, this.byMemory())) : this.most
  }

  /** Undefined where one unit has the machine for itself. */
  get threads(): number | undefined {
    return this.most === 1 ? undefined : Math.max(1, Math.floor(availableParallelism() / this.most))
  }

  /** Takes the peak memory of a finished unit into account, in MB. */
  learn(peakMB: number): void {
    this.peak = Math.max(this.peak, peakMB)
  }

  private byMemory(): number {
    return Math.floor((FILLED * this.availableMB) / (this.peak || PRIOR_MB))
  }
}
