import { once } from 'node:events'
import { Command, InvalidArgumentError } from 'commander'
import { counted } from '../core/counted.js'
import { ConfigError } from '../core/errors.js'
import { conceptTemperature, type Rejection } from '../core/evaluate/none-of-these.js'
import type { Exif } from '../core/image/orientation.js'
import { chosenThreshold } from '../core/run/held-out-figures.js'
import { printable } from '../lab/results/formats/printable.js'
import { exifOfRun } from '../node/run.js'
import { readHeldOutFigures } from '../node/runs/threshold.js'
import { serverApp } from '../server/app.js'
import { ClassifyService } from '../server/classify-service.js'
import { listen } from '../server/listen.js'
import { Metrics } from '../server/metrics.js'
import { warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { modelOfRunOption, openRun, type RunFlags } from './open-run.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  portNumber,
  positiveNumber,
  precisionOption,
  repeated,
  threadCount,
  threadsOption,
  wholeNumber,
} from './options.js'
import { type RejectionFlags, withRejectionOptions } from './rejection-options.js'

interface ServeFlags extends RejectionFlags, RunFlags {
  readonly host: string
  readonly port: number
  readonly token?: string
  readonly cors?: string[]
  readonly addClass?: string[]
  readonly maxMegabytes: number
  readonly maxMegapixels: number
  readonly maxRequests: number
  readonly maxClasses: number
  readonly classLists: number
  readonly batch: number
  readonly jobs: number
  readonly exif?: Exif
}

/** More at once is a slip of the keys: memory grows with it. */
const MOST_IMAGES = 1024

/** Names of this machine that no other reaches it by. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/

const examples = `
POST an image to /classify and get classes with probabilities; GET /openapi.json describes all. See docs/serve.md.

Examples:
  $ promptsrc serve runs/photos
  $ curl --data-binary @new.jpg http://127.0.0.1:8080/classify
  $ curl -F image=@new.jpg -F classes="border collie" -F classes=whippet http://127.0.0.1:8080/classify
      chooses among these classes, which need not have been trained
  $ PROMPTSRC_TOKEN=secret promptsrc serve runs/photos --host 0.0.0.0 --cors https://example.org`

/** `promptsrc serve`: answers images over HTTP. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .argument('<run>', 'run directory')
    .option('--host <host>', 'address to listen on; 0.0.0.0 is all of this machine', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 is any that is free', portNumber, 8080)
    .option('--token <token>', 'ask everybody for it as a bearer token (default: PROMPTSRC_TOKEN)')
    .option('--cors <origin>', 'let pages of an origin (https://example.org, or *) ask; repeatable', origin)
    .option('--add-class <name>', 'a class that was not trained; repeatable', repeated)
    .option('--max-megabytes <n>', 'largest file of an image', positiveNumber, 20)
    .option('--max-megapixels <n>', 'largest width times height of an image', positiveNumber, 50)
    .option('--max-requests <n>', 'requests at work at a time; more are refused', wholeNumber(1), 64)
    .option('--max-classes <n>', 'most names of classes in a request', wholeNumber(0), 256)
    .option('--class-lists <n>', 'lists of classes held ready', wholeNumber(1), 32)
    .option('--batch <n>', 'images computed together', wholeNumber(1, MOST_IMAGES), 16)
    .option('--jobs <n>', 'images decoded side by side', threadCount, 4)
    .addOption(exifOption())
    .addOption(modelOfRunOption())
    .addOption(activationOption())
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
  return withRejectionOptions(command).addHelpText('after', examples).action(serve)
}

async function serve(runPath: string, flags: ServeFlags): Promise<void> {
  const signal = interruptible('Stopping: what has been asked is answered. Ctrl-C once more ends at once.')
  const token = tokenOf(flags)
  const loopbackOnly = LOOPBACK.test(flags.host)
  if (!loopbackOnly && token === undefined) {
    warn(`${flags.host} can be reached by others, and no --token is asked of them`)
  }
  const kept = await readHeldOutFigures(runPath)
  const run = await openRun(runPath, flags, signal)
  try {
    const temperature = kept?.conceptTemperature ?? (await conceptTemperature(run.model.clip))
    const rejection = (classes: number): Rejection | undefined => {
      const threshold = chosenThreshold(kept, classes, flags)
      return threshold === undefined ? undefined : { temperature, threshold }
    }
    // A share without figures to set a threshold on is refused now, not to whoever asks first.
    rejection(1)
    const metrics = new Metrics()
    const service = await ClassifyService.open(run, {
      addClasses: flags.addClass ?? [],
      rejection,
      temperature: kept?.temperature,
      batchSize: flags.batch,
      jobs: flags.jobs,
      exif: flags.exif ?? (await exifOfRun(runPath)) ?? 'apply',
      maxPixels: 1e6 * flags.maxMegapixels,
      classLists: flags.classLists,
      onBatch: (images) => metrics.computed(images),
    })
    const app = serverApp(service, metrics, {
      maxBytes: Math.floor(1e6 * flags.maxMegabytes),
      maxClasses: flags.maxClasses,
      maxRequests: flags.maxRequests,
      token,
      origins: flags.cors ?? [],
      loopbackOnly,
      stopping: () => signal.aborted,
      onError: (error) => process.stderr.write(`${error instanceof Error ? error.stack : error}\n`),
    })
    signal.throwIfAborted()
    const listening = await listen(app.fetch, flags)
    const { length } = service.classNames
    process.stdout.write(
      printable(`${runPath} (${counted(length, 'class', 'classes')}) answers on ${listening.url}\n`),
    )
    if (!signal.aborted) await once(signal, 'abort')
    await listening.stop()
    await service.release()
  } finally {
    await run.model.close()
  }
}

function tokenOf({ token = process.env.PROMPTSRC_TOKEN }: ServeFlags): string | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token
  throw new ConfigError('the token is empty, or has characters that no header can carry', {
    hint: 'Take letters and digits, such as those of `openssl rand -hex 16`.',
  })
}

function origin(text: string, sofar: readonly string[] = []): string[] {
  const own = URL.canParse(text) ? new URL(text).origin : undefined
  if (text === '*' || (own !== undefined && own !== 'null' && own === text.replace(/\/$/, ''))) {
    return [...sofar, own ?? text]
  }
  throw new InvalidArgumentError('Expected the origin of a page, such as https://example.org, or *.')
}
