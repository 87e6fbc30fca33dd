import { join } from 'node:path'
import type { Engine } from './engine.js'
import type { SlurmOptions } from './slurm/options.js'
import { SlurmSweep } from './slurm/sweep.js'

/**
 * Does units by job arrays of a Slurm cluster whose nodes see the units' folders. Jobs outlive this process: a later
 * call finds them in the queue, and follows them instead of submitting their units again.
 */
export function slurmEngine(options: SlurmOptions): Engine {
  let sweep: SlurmSweep | undefined
  return {
    name: 'slurm',
    interruption() {
      const jobs = sweep?.activeJobs ?? []
      if (jobs.length === 0) return 'Interrupted. The same call goes on; finished runs are not repeated.'
      const them = jobs.length === 1 ? `Slurm job ${jobs[0]} goes on` : `Slurm jobs ${jobs.join(', ')} go on`
      return `Interrupted. ${them}; the same call follows. To cancel: scancel ${jobs.join(' ')}`
    },
    async run(tasks, engineOptions) {
      sweep = await SlurmSweep.open(tasks, join(options.out, 'slurm'), options, engineOptions)
      await sweep.finish()
    },
  }
}
