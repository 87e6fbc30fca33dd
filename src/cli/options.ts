import { type Command, InvalidArgumentError, Option } from 'commander'
import { ConfigError } from '../core/errors.js'
import { exifChoices } from '../core/image/orientation.js'
import { type Activation, activations } from '../core/model.js'
import {
  type DeviceChoice,
  deviceChoices,
  MOST_THREADS,
  type Precision,
  precisions,
} from '../core/runtime/device.js'
import { nearestNames } from '../core/suggest.js'
import { defaultModel } from '../core/world/worlds.js'
import type { TakenDevice } from '../node/runtime/open-runtime.js'

/** Parses a whole number of at least `least` and at most `most`; commander names the option in its message. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value > most || value < least) {
      const limit = value > most ? ` and at most ${most}` : ''
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}${limit}.`)
    }
    return value
  }
}

/** Parses a number of threads, or of things done side by side. */
export const threadCount = wholeNumber(1, MOST_THREADS)

/** `--threads` of commands that compute in this process. */
export const threadsOption = (): Option =>
  new Option('--threads <n>', 'threads of ONNX Runtime (default: one a core)').argParser(threadCount)

/** `--port`; 0 is any that is free. */
export function portNumber(text: string): number {
  const port = wholeNumber(0)(text)
  if (port > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.')
  return port
}

/** `--exif`. */
export const exifOption = (): Option =>
  new Option(
    '--exif <how>',
    'apply or ignore the orientation that cameras note in photos (default: as the run, else apply; ignore for published data)',
  ).choices(exifChoices)

/** `--activation`: what a model's files do not say. */
export const activationOption = (): Option =>
  new Option(
    '--activation <kind>',
    'activation of the model (default: as its configuration says, else a guess with a warning)',
  ).choices(activations)

/** `--model` of commands whose first argument names the data: the embedded model of a drawn set, else tiny. */
export const withModelOption = (command: Command): Command =>
  command
    .option(
      '--model <model>',
      'tiny, emoji, a file or folder, an OpenAI name (ViT-B/16) or a Hugging Face repository (default: tiny; emoji for its data sets)',
    )
    .hook('preAction', (called) => {
      const [data] = called.processedArgs
      if (called.getOptionValue('model') === undefined)
        called.setOptionValue('model', defaultModel(`${data}`))
    })

/** Parses a positive number. */
export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a positive number.')
  return value
}

/**
 * Adds --no-cache. It is handed on by the environment, so that processes started by a command follow it as well; 0 is the
 * size of no cache.
 */
export function withCacheOption(command: Command): Command {
  return command
    .option('--no-cache', 'compute everything anew, and keep nothing (see `promptsrc cache`)')
    .hook('preAction', () => {
      if (command.opts().cache === false) process.env.PROMPTSRC_CACHE_GB = '0'
    })
}

/** Where graphs are computed. */
export interface RuntimeFlags {
  readonly threads?: number
  readonly device?: DeviceChoice
  readonly precision?: Precision
}

/** `--views`: the two numbers of `testViews`. */
export const viewsOption = (): Option =>
  new Option(
    '--views <samplings,crops>',
    'test each clip by so many samplings of its frames and 1 or 3 crops of these, and average the probabilities, such as 4,3',
  ).argParser((text) => {
    const [, samplings, crops] = /^([1-9]\d?),([13])$/.exec(text) ?? []
    if (crops === undefined)
      throw new InvalidArgumentError('Expected 1 to 99 samplings and 1 or 3 crops, such as 4,3.')
    return [Number(samplings), Number(crops)]
  })

/** `--device`. */
export const deviceOption = (): Option =>
  new Option(
    '--device <device>',
    `what computes: ${deviceChoices.join(', ')} (default: cpu; see \`promptsrc doctor\`)`,
  ).argParser(oneOf(deviceChoices))

/** `--precision`. */
export const precisionOption = (): Option =>
  new Option(
    '--precision <precision>',
    "fp32, or fp16: products with the model's weights in half precision, for devices that sum these in float32 (default: fp32)",
  ).argParser(oneOf(precisions))

/** What computes, in a word or two, for what depends on it. */
export const deviceWords = ({
  device = 'cpu',
  precision = 'fp32',
}: Pick<RuntimeFlags, 'device' | 'precision'>): string =>
  precision === 'fp32' ? device : `${device} ${precision}`

/** The flags as a runtime takes them; what `auto` took is said. */
export const runtimeFrom = ({ threads, device, precision }: RuntimeFlags) => ({
  ...(threads === undefined ? {} : { threads }),
  ...(device === undefined ? {} : { device }),
  ...(precision === undefined ? {} : { precision }),
  onDevice({ device, passedOver }: TakenDevice) {
    const others = passedOver.map(({ device, reason }) => `${device}: ${reason}`)
    process.stderr.write(`device ${device}${others.length > 0 ? ` (${others.join('; ')})` : ''}\n`)
  },
})

/** How a model is read, and where it is computed. */
export interface ModelFlags extends RuntimeFlags {
  readonly activation?: Activation
}

/** The flags as `loadModel` and `loadRun` take them. */
export const modelFrom = ({
  activation,
  frames,
  ...flags
}: ModelFlags & { readonly frames?: number | undefined }) => ({
  ...runtimeFrom(flags),
  ...(activation === undefined ? {} : { activation }),
  ...(frames === undefined ? {} : { frames }),
})

/** Collects an option that may be given several times. */
export const repeated = (value: string, sofar: readonly string[] = []): string[] => [...sofar, value]

/** Parses values separated by commas, none of them twice. */
export function listOf(): (text: string) => string[]
export function listOf<T>(parse: (text: string) => T): (text: string) => T[]
export function listOf<T>(parse?: (text: string) => T): (text: string) => (T | string)[] {
  return (text) => {
    const parts = text.split(',').map((part) => part.trim())
    const values = parts.map((part) => {
      if (part === '') throw new InvalidArgumentError('A value is empty.')
      try {
        return parse ? parse(part) : part
      } catch (error) {
        // Which of several it is.
        if (parts.length === 1 || !(error instanceof InvalidArgumentError)) throw error
        throw new InvalidArgumentError(`"${part}": ${error.message}`)
      }
    })
    const twice = values.find((value, i) => values.indexOf(value) !== i)
    if (twice !== undefined) throw new InvalidArgumentError(`${twice} is named twice.`)
    return values
  }
}

/** Takes one of the names; for another it names the nearest. */
export function oneOf(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text
    const nearest = nearestNames(text, names)
    const suggestion = nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}? ` : ''
    throw new InvalidArgumentError(`${suggestion}There are ${names.join(', ')}.`)
  }
}

/** `--methods`: names separated by commas, or `all`. */
export function methodsOption(names: readonly string[], chosen: readonly string[] = names): Option {
  const parse = listOf(oneOf(names))
  return new Option('--methods <list>', `all, or some of ${names.join(', ')}, separated by commas`)
    .argParser((text) => (text === 'all' ? [...names] : parse(text)))
    .default(chosen, chosen === names ? 'all' : chosen.join())
}

/** `--seeds`: whole numbers separated by commas. */
export const seedsOption = (): Option =>
  new Option('--seeds <list>', 'seeds, separated by commas')
    .argParser(listOf(wholeNumber(0)))
    .default([1, 2, 3], '1,2,3')

/** Options of a method as they are given with --set key=value; numbers and switches are read as such. */
export const keyValues = (given: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(given.map(keyValue))

function keyValue(text: string): [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1)
    throw new ConfigError(`--set ${text}: expected key=value`, {
      hint: 'For example --set textLossWeight=10',
    })
  const key = text.slice(0, at)
  // An object's field of this name would vanish before anybody could say that there is no such option.
  if (key === '__proto__') throw new ConfigError(`--set ${text}: there is no option ${key}`)
  return [key, parsedValue(text.slice(at + 1))]
}

function parsedValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  const number = Number(text)
  return text !== '' && Number.isFinite(number) ? number : text
}
