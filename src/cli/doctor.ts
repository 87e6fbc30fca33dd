import { Command } from 'commander'
import { UserError } from '../core/errors.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { type DeviceCheck, type Examination, examine } from '../node/doctor.js'
import { threadCount } from './options.js'

const examples = `
Examples:
  $ promptsrc doctor
  $ promptsrc doctor --json > doctor.json
      for a report of a fault, or for a program that chooses a device

Each device does the same small step of training. "worst error" is the largest difference from the processor's values,
in units of the largest value of that output: below 1e-4 it is rounding. Exit code 2 when a device computes wrongly.`

interface DoctorFlags {
  readonly threads?: number
  readonly json?: boolean
}

/** `promptsrc doctor`: what this machine can compute with. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .option('--threads <n>', 'threads of ONNX Runtime (default: one a core)', threadCount)
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(doctor)
}

async function doctor({ threads, json }: DoctorFlags): Promise<void> {
  const found = await examine(threads === undefined ? {} : { threads })
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : shown(found))
  const wrong = found.devices.filter(({ run }) => run && !run.agrees)
  if (wrong.length === 0) return
  throw new UserError(
    `${wrong.map(({ device }) => device).join(' and ')}: computes other values than the processor`,
    {
      hint: 'Update its driver, or compute on another device with --device.',
    },
  )
}

function shown({ environment, freeMemoryGiB, devices, folders }: Examination): string {
  const { promptsrc, node, onnxruntime, platform, cpu, cores, memoryGiB } = environment
  const facts = [
    ['promptsrc', `${promptsrc}, Node ${node}, ONNX Runtime ${onnxruntime}`],
    ['platform', platform],
    ['processor', `${cpu}, ${cores} cores`],
    ['memory', `${memoryGiB} GiB, ${freeMemoryGiB} GiB free`],
    ['cache', folders.cache ?? 'off'],
    ['models', `${folders.huggingFace}, ${folders.openAi}`],
  ]
  const refused = devices.flatMap(({ device, refusal }) =>
    refusal ? [`${device}: ${refusal.reason}\n  ${refusal.advice}`] : [],
  )
  const sections = [
    facts.map(([name, value]) => `${name!.padEnd(10)} ${value}`).join('\n'),
    formatTable(['device', 'a step', 'worst error', 'in', 'result'], devices.map(row)),
    ...(refused.length > 0 ? [refused.join('\n')] : []),
  ]
  return `${sections.join('\n\n')}\n`
}

function row({ device, run }: DeviceCheck): string[] {
  if (!run) return [device, '-', '-', '-', 'not here']
  const { milliseconds, worstError, worstOutput, agrees } = run
  if (device === 'cpu') return [device, `${milliseconds.toFixed(1)} ms`, '-', '-', 'works']
  return [
    device,
    `${milliseconds.toFixed(1)} ms`,
    worstError.toExponential(1),
    worstOutput,
    agrees ? 'works' : 'wrong',
  ]
}
