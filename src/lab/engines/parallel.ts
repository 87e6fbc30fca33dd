import { availableParallelism, totalmem } from 'node:os'

/** Memory of a unit before any is known, in MB: training PromptSRC on ViT-B/16 peaks at about this. */
const PRIOR_MB = 2000
/** Share of the memory that units may fill. */
const FILLED = 0.8

/** The machine that units share. */
export interface Machine {
  readonly cores: number
  /** All memory that this process may have, in MB. */
  readonly totalMB: number
  /** What of it is free, in MB. */
  readonly freeMB: number
}

/** How many units may run at once, and with how many threads each. */
export class Parallel {
  private readonly most: number
  private peak: number

  /**
   * @param peaks peak memory of units done before, in MB
   * @param jobs as the user wants it; else one a core, as far as memory goes
   */
  constructor(
    peaks: readonly number[],
    private readonly jobs: number | undefined,
    private readonly machine: Machine = thisMachine(),
  ) {
    this.peak = Math.max(0, ...peaks)
    this.most = jobs ?? atLeastOne(Math.min(machine.cores, fitting(machine.totalMB, PRIOR_MB)))
  }

  /** Units at once, by the memory that is free and that units have needed. */
  get limit(): number {
    if (this.jobs !== undefined) return this.jobs
    return atLeastOne(Math.min(this.most, fitting(this.machine.freeMB, this.peak || PRIOR_MB)))
  }

  /**
   * Threads of each unit; undefined where one has the machine for itself. They decide the last bits of a result, and
   * depend on nothing that differs from call to call, such as free memory or how many units are left.
   */
  get threads(): number | undefined {
    return this.most === 1 ? undefined : atLeastOne(this.machine.cores / this.most)
  }

  /** Takes the peak memory of a finished unit into account, in MB. */
  learn(peakMB: number): void {
    this.peak = Math.max(this.peak, peakMB)
  }
}

function thisMachine(): Machine {
  // Of a container; 0 or more than there is where nothing limits it.
  const constrained = process.constrainedMemory()
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return {
    cores: availableParallelism(),
    totalMB: total / 1e6,
    freeMB: process.availableMemory() / 1e6,
  }
}

const fitting = (memoryMB: number, unitMB: number): number => Math.floor((FILLED * memoryMB) / unitMB)
const atLeastOne = (number: number): number => Math.max(1, Math.floor(number))
