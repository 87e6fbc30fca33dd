import { type Command, InvalidArgumentError, Option } from 'commander'
import { ConfigError } from '../core/errors.js'
import type { DeviceChoice, Precision } from '../core/runtime/device.js'
import type { Engine } from '../lab/engines/engine.js'
import { localEngine } from '../lab/engines/local.js'
import { reserved, type SlurmResources } from '../lab/engines/slurm/options.js'
import { slurmEngine } from '../lab/engines/slurm.js'
import { unitCommand } from '../lab/units/unit-command.js'
import { deviceOption, positiveNumber, precisionOption, threadCount, wholeNumber } from './options.js'

/** Options of commands that do many units. */
export interface EngineFlags extends Omit<SlurmResources, 'more'> {
  readonly engine: 'local' | 'slurm'
  readonly jobs?: number
  readonly threads?: number
  readonly device?: DeviceChoice
  readonly precision?: Precision
  readonly slurmOption?: Readonly<Record<string, string>>
  readonly submitOnly?: boolean
  /** Seconds. */
  readonly poll?: number
}

/** Flags that mean nothing without Slurm. */
const slurmOnly = {
  partition: '--partition',
  time: '--time',
  memory: '--memory',
  gres: '--gres',
  gpus: '--gpus',
  cpus: '--cpus',
  account: '--account',
  qos: '--qos',
  slurmOption: '--slurm-option',
  submitOnly: '--submit-only',
  poll: '--poll',
} satisfies Partial<Record<keyof EngineFlags, string>>

/** Adds the options of {@link EngineFlags}. */
export function withEngineOptions(command: Command): Command {
  const group = 'With --engine slurm:'
  const slurm = (flags: string, description: string) => new Option(flags, description).helpGroup(group)
  return command
    .addOption(
      new Option('--engine <engine>', 'where runs are done: on this machine, or as Slurm job arrays')
        .choices(['local', 'slurm'])
        .default('local'),
    )
    .option(
      '--jobs <n>',
      'runs at once (default: as many as cores and free memory allow; with Slurm no limit)',
      wholeNumber(1),
    )
    .option('--threads <n>', 'threads of each run (default: the cores shared among the runs)', threadCount)
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(slurm('--partition <name>', 'partition'))
    .addOption(slurm('--time <limit>', 'time limit of a run, as sbatch takes it: minutes, or 2:00:00'))
    .addOption(slurm('--memory <size>', 'memory of a run, as sbatch takes it: 4G'))
    .addOption(slurm('--gres <list>', 'generic resources of a run: gpu:1'))
    .addOption(slurm('--gpus <spec>', 'GPUs of a run'))
    .addOption(
      slurm('--cpus <n>', 'cores of a run, and its threads (default: --threads, or 1)').argParser(
        wholeNumber(1),
      ),
    )
    .addOption(slurm('--account <name>', 'account that is charged'))
    .addOption(slurm('--qos <name>', 'quality of service'))
    .addOption(
      slurm(
        '--slurm-option <key=value>',
        'any other option of sbatch, such as constraint=avx512; repeatable',
      ).argParser(slurmOption),
    )
    .addOption(slurm('--submit-only', 'queue the jobs and return; the same call follows them later'))
    .addOption(slurm('--poll <seconds>', 'how often Slurm is asked (default: 10)').argParser(positiveNumber))
}

/**
 * The engine that the flags name.
 *
 * @param out output folder of the sweep, where Slurm's scripts and logs go
 * @throws ConfigError for an option of another engine
 */
export async function engineFrom(flags: EngineFlags, out: string): Promise<Engine> {
  checkEngineFlags(flags)
  const { engine, jobs, device, precision, submitOnly, poll } = flags
  const command = device || precision ? unitCommand({ device, precision }) : undefined
  if (engine === 'local') {
    return localEngine({ ...(jobs === undefined ? {} : { jobs }), ...(command ? { command } : {}) })
  }
  return slurmEngine({
    out,
    resources: resourcesFrom(flags),
    ...(jobs === undefined ? {} : { jobs }),
    ...(command ? { command } : {}),
    ...(submitOnly ? { submitOnly } : {}),
    ...(poll === undefined ? {} : { pollMs: 1000 * poll }),
  })
}

/** Throws ConfigError for an option of another engine, or for two that say the same. */
export function checkEngineFlags(flags: EngineFlags): void {
  if (flags.engine === 'local') {
    const foreign = Object.entries(slurmOnly).find(([key]) => flags[key as keyof EngineFlags] !== undefined)
    if (!foreign) return
    throw new ConfigError(`${foreign[1]} is for Slurm, and --engine is local`, {
      hint: 'Add --engine slurm, or leave it out.',
    })
  }
  if (flags.cpus !== undefined && flags.threads !== undefined) {
    throw new ConfigError('--cpus and --threads are the same with Slurm', { hint: 'Give one of them.' })
  }
}

function resourcesFrom(flags: EngineFlags): SlurmResources {
  const { partition, time, memory, gres, gpus, cpus, account, qos, slurmOption: more } = flags
  const all = { partition, time, memory, gres, gpus, cpus, account, qos, more }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function slurmOption(text: string, sofar: Readonly<Record<string, string>> = {}): Record<string, string> {
  const found = /^(?:--)?([a-z][a-z-]*)(?:=(.*))?$/s.exec(text)
  if (!found) throw new InvalidArgumentError('Expected key=value with a long option of sbatch.')
  const [, key = '', value = ''] = found
  if (reserved.has(key)) throw new InvalidArgumentError(`promptsrc sets ${key} itself.`)
  return { ...sofar, [key]: value }
}
