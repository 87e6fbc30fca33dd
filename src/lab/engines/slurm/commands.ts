import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { UserError } from '../../../core/errors.js'

/** Slurm cannot be asked, or refuses. */
export class SlurmError extends UserError {
  override name = 'SlurmError'
}

/**
 * Runs one of Slurm's programs to its end, and returns its output.
 *
 * @throws SlurmError when it is not installed or fails, with its own words
 */
export async function slurm(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    // In a session of its own: Ctrl-C on the terminal must not come between submitting a job and knowing its id.
    detached: true,
  })
  try {
    const [[code], stdout, stderr] = await Promise.all([
      once(child, 'close'),
      text(child.stdout),
      text(child.stderr),
    ])
    if (code === 0) return stdout
    const said = reasonIn(stderr) || `ended with code ${code}`
    throw new SlurmError(`${program}: ${said}`, { hint: hintFor(said) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new SlurmError(`${program} is not installed here`, {
      hint: 'Call this on a login node of the cluster, or work on this machine with --engine local.',
    })
  }
}

/** What went wrong by a program's own words: its last line of an error, without its name. */
function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^\w+: (error: )?/, '').trim())
  return lines.filter((line) => line !== '').join('; ')
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/partition/i, '`sinfo` lists the partitions; name one with --partition.'],
  [/account/i, 'Name the account that is charged with --account.'],
  [/qos/i, 'Name another quality of service with --qos, or ask for less.'],
  [/memory|node configuration|cpu count|gres|gpu/i, '`sinfo -Nel` lists what the nodes have; ask for less.'],
  [/time limit/i, '`sinfo` lists the time limits; give a shorter --time.'],
  [
    /contact|controller|timed out|munge|protocol/i,
    'Slurm does not answer: try again later, or ask its administrator.',
  ],
]

const hintFor = (said: string): string =>
  hints.find(([pattern]) => pattern.test(said))?.[1] ?? 'Check the options that are passed to sbatch.'
