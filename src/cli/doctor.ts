import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { ConfigError, UserError } from '../core/errors.js'
import { devices as allDevices, type Device } from '../core/runtime/device.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { benchDevice, benchSizes, type DeviceBench } from '../node/device-bench.js'
import { type DeviceCheck, type Examination, examine } from '../node/doctor.js'
import { oneOf, threadsOption } from './options.js'

const examples = `
Examples:
  $ promptsrc doctor
  $ promptsrc doctor --json > doctor.json
      for a report of a fault, or for a program that chooses a device
  $ promptsrc doctor --bench
      also times training on every device that works, in about a minute each
  $ promptsrc doctor --bench --json > bench.json
      the same to send; it names no file, user or host

Each device does the same small step of training. "worst error" is the largest difference from the processor's values,
in units of the largest value of that output: below 1e-4 it is rounding. Exit code 2 when a device computes wrongly.
--bench times steps of PromptSRC at the size of ViT-B/16 (random weights, 50 classes, 4 images a step), of smaller models where
a device takes too long, each device in a process of its own. "share" is the step's rate of operations beside that of
plain matrix products.`

interface DoctorFlags {
  readonly threads?: number
  readonly device?: Device
  readonly bench?: boolean
  readonly size?: string
  readonly json?: boolean
}

/** `promptsrc doctor`: what this machine can compute with. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .option('--device <device>', 'look at one device alone (default: all)', oneOf(Object.keys(allDevices)))
    .option('--bench', 'time steps of training on every device that works')
    .option(
      '--size <model>',
      `size of the model that --bench times: ${Object.keys(benchSizes).join(', ')} (default: the first that a device does in seconds)`,
      oneOf(Object.keys(benchSizes)),
    )
    .addOption(threadsOption())
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(doctor)
}

/** What `--bench` found of a device. */
type Benched = DeviceBench | { readonly device: Device; readonly failure: string }

async function doctor(flags: DoctorFlags): Promise<void> {
  const { threads, device, bench = false, json = false } = flags
  if (flags.size !== undefined && !bench)
    throw new ConfigError('--size is what --bench times', { hint: 'Add --bench, or leave --size out.' })
  const found = await examine({
    ...(threads === undefined ? {} : { threads }),
    ...(device === undefined ? {} : { device }),
  })
  const benched = bench ? await benchDevices(found.devices, flags) : undefined
  if (benched && json) {
    // What is to be sent names no folder of its user.
    const { folders: _, ...rest } = found
    process.stdout.write(`${JSON.stringify({ ...rest, bench: benched })}\n`)
  } else process.stdout.write(json ? `${JSON.stringify(found)}\n` : shown(found, benched))
  const wrong = found.devices.filter(({ run }) => run && !run.agrees)
  if (wrong.length === 0) return
  throw new UserError(
    `${wrong.map(({ device }) => device).join(' and ')}: computes other values than the processor`,
    {
      hint: 'Update its driver, or compute on another device with --device.',
    },
  )
}

async function benchDevices(checks: readonly DeviceCheck[], flags: DoctorFlags): Promise<Benched[]> {
  const { device: only, threads, size } = flags
  const found: Benched[] = []
  for (const { device, run } of checks) {
    if (!run || (only !== undefined && device !== only)) continue
    process.stderr.write(`timing ${device}\n`)
    try {
      found.push(
        only === undefined ? await benchApart(device, flags) : await benchDevice(device, { threads, size }),
      )
    } catch (error) {
      found.push({ device, failure: (error as Error).message })
    }
  }
  return found
}

/** In a process of its own: peak memory is then that device's, and a driver that fails takes nothing else with it. */
async function benchApart(device: Device, { threads, size }: DoctorFlags): Promise<Benched> {
  const program = [...process.execArgv, process.argv[1]!, 'doctor', '--bench', '--json', '--device', device]
  const options = [
    ...(threads === undefined ? [] : ['--threads', `${threads}`]),
    ...(size === undefined ? [] : ['--size', size]),
  ]
  const { stdout } = await promisify(execFile)(process.execPath, [...program, ...options], {
    maxBuffer: 2 ** 24,
  })
  const { bench } = JSON.parse(stdout) as { bench: Benched[] }
  return bench[0] ?? { device, failure: 'it did not work a second time' }
}

function shown(
  { environment, freeMemoryGiB, devices, folders }: Examination,
  bench: readonly Benched[] | undefined,
): string {
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
  const failed = (bench ?? []).flatMap((one) => ('failure' in one ? [`${one.device}: ${one.failure}`] : []))
  const timed = (bench ?? []).flatMap((one) => ('failure' in one ? [] : [one]))
  const sections = [
    facts.map(([name, value]) => `${name!.padEnd(10)} ${value}`).join('\n'),
    formatTable(['device', 'a step', 'worst error', 'in', 'result'], devices.map(row)),
    ...(timed.length > 0
      ? [
          formatTable(
            ['device', 'model', 'a step', 'GFLOPS', 'products', 'share', 'memory', 'load'],
            timed.map(timedRow),
          ),
        ]
      : []),
    ...(failed.length > 0 ? [failed.join('\n')] : []),
    ...(refused.length > 0 ? [refused.join('\n')] : []),
  ]
  return `${sections.join('\n\n')}\n`
}

const timedRow = (one: DeviceBench): string[] => [
  one.device,
  one.size,
  `${one.stepSeconds.toFixed(3)} s`,
  one.stepGflops.toFixed(0),
  one.productGflops.toFixed(0),
  `${(100 * one.share).toFixed(0)} %`,
  `${one.peakMemoryMb} MB`,
  one.load.toFixed(1),
]

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
