import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { ConfigError, UserError } from '../core/errors.js'
import { devices as allDevices, type Device, type Precision, precisions } from '../core/runtime/device.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { benchDevice, benchSizes, type DeviceBench } from '../node/device-bench.js'
import { type DeviceCheck, type Examination, examine } from '../node/doctor.js'
import { deviceWords, oneOf, threadsOption } from './options.js'

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
"fp16" says whether the device has what --precision fp16 needs.
--bench times steps of PromptSRC at the size of ViT-B/16 (random weights, 50 classes, 4 images a step), of smaller models where
a device takes too long, each device in a process of its own, in half precision as well where it has that and is no processor.
"share" is the step's rate of operations beside that of plain matrix products, "loss" that of the first step.`

interface DoctorFlags {
  readonly threads?: number
  readonly device?: Device
  readonly bench?: boolean
  readonly precision?: Precision
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
    .option(
      '--precision <precision>',
      'precision that --bench times (default: all that a device has)',
      oneOf(precisions),
    )
    .addOption(threadsOption())
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(doctor)
}

/** What `--bench` found of a device. */
type Benched =
  | DeviceBench
  | { readonly device: Device; readonly precision: Precision; readonly failure: string }

async function doctor(flags: DoctorFlags): Promise<void> {
  const { threads, device, bench = false, json = false } = flags
  for (const option of ['size', 'precision'] as const) {
    if (flags[option] === undefined || bench) continue
    throw new ConfigError(`--${option} is what --bench times`, {
      hint: `Add --bench, or leave --${option} out.`,
    })
  }
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
  const { device: only, precision: asked, threads, size } = flags
  const found: Benched[] = []
  for (const { device, run } of checks) {
    if (!run || (only !== undefined && device !== only)) continue
    const gains = device !== 'cpu' && run.halfPrecision.usable
    const timed = asked ? [asked] : gains ? precisions : (['fp32'] as const)
    const apart = only === undefined || timed.length > 1
    for (const precision of timed) {
      process.stderr.write(`timing ${deviceWords({ device, precision })}\n`)
      try {
        const timing = apart
          ? benchApart(device, precision, flags)
          : benchDevice(device, { threads, size, precision })
        found.push(await timing)
      } catch (error) {
        found.push({ device, precision, failure: (error as Error).message })
      }
    }
  }
  return found
}

/** In a process of its own: peak memory is then that device's, and a driver that fails takes nothing else with it. */
async function benchApart(
  device: Device,
  precision: Precision,
  { threads, size }: DoctorFlags,
): Promise<Benched> {
  const what = ['doctor', '--bench', '--json', '--device', device, '--precision', precision]
  const program = [...process.execArgv, process.argv[1]!, ...what]
  const options = [
    ...(threads === undefined ? [] : ['--threads', `${threads}`]),
    ...(size === undefined ? [] : ['--size', size]),
  ]
  const { stdout } = await promisify(execFile)(process.execPath, [...program, ...options], {
    maxBuffer: 2 ** 24,
  })
  const { bench } = JSON.parse(stdout) as { bench: Benched[] }
  return bench[0] ?? { device, precision, failure: 'it did not work a second time' }
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
  const refused = devices.flatMap(({ device, run, refusal }) => {
    const { reason } = run?.halfPrecision ?? {}
    if (reason !== undefined) return [`${deviceWords({ device, precision: 'fp16' })}: ${reason}`]
    return refusal ? [`${device}: ${refusal.reason}\n  ${refusal.advice}`] : []
  })
  const failed = (bench ?? []).flatMap((one) =>
    'failure' in one ? [`${deviceWords(one)}: ${one.failure}`] : [],
  )
  const timed = (bench ?? []).flatMap((one) => ('failure' in one ? [] : [one]))
  const sections = [
    facts.map(([name, value]) => `${name!.padEnd(10)} ${value}`).join('\n'),
    formatTable(['device', 'a step', 'worst error', 'in', 'fp16', 'result'], devices.map(row)),
    ...(timed.length > 0
      ? [
          formatTable(
            ['device', 'model', 'a step', 'GFLOPS', 'products', 'share', 'loss', 'memory', 'load'],
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
  deviceWords(one),
  one.size,
  `${one.stepSeconds.toFixed(3)} s`,
  one.stepGflops.toFixed(0),
  one.productGflops.toFixed(0),
  `${(100 * one.share).toFixed(0)} %`,
  one.loss.toPrecision(6),
  `${one.peakMemoryMb} MB`,
  one.load.toFixed(1),
]

function row({ device, run }: DeviceCheck): string[] {
  if (!run) return [device, '-', '-', '-', '-', 'not here']
  const { milliseconds, worstError, worstOutput, agrees } = run
  const half = run.halfPrecision.usable ? 'yes' : 'no'
  if (device === 'cpu') return [device, `${milliseconds.toFixed(1)} ms`, '-', '-', half, 'works']
  return [
    device,
    `${milliseconds.toFixed(1)} ms`,
    worstError.toExponential(1),
    worstOutput,
    half,
    agrees ? 'works' : 'wrong',
  ]
}
