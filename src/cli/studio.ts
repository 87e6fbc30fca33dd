import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { ConfigError, UserError } from '../core/errors.js'
import { printable } from '../lab/results/formats/printable.js'
import { listen } from '../server/listen.js'
import { newToken } from '../server/secret.js'
import { Answers } from '../server/studio/answers.js'
import { studioApp } from '../server/studio/app.js'
import { buildStatic } from '../server/studio/build-static.js'
import { EventStreams } from '../server/studio/event-streams.js'
import { Exports } from '../server/studio/exports.js'
import { readPage } from '../server/studio/page-files.js'
import { ProjectFolder } from '../server/studio/project-folder.js'
import { Training } from '../server/studio/training.js'
import { showingDownloads } from './download-progress.js'
import { interruptible } from './interrupt.js'
import { portNumber, positiveNumber, repeated, threadsOption, wholeNumber } from './options.js'

interface StudioFlags {
  readonly port: number
  readonly open: boolean
  readonly maxMegabytes: number
  readonly maxPictures: number
  readonly threads?: number
  readonly build?: string
  readonly model?: string[]
  readonly json?: boolean
}

const examples = `
A page on this computer to collect pictures, train and try; nothing leaves the computer. See docs/studio.md.

Examples:
  $ promptsrc studio birds
      opens the page; pictures are in birds/photos/<class>, trainings in birds/runs, as the other commands take them
  $ promptsrc studio birds --no-open --port 8090
  $ promptsrc eval birds/runs/run-1 birds/photos
  $ promptsrc predict birds/runs/run-1 new.jpg
  $ promptsrc studio --build site --model emoji --model openai/clip-vit-base-patch32
      the same page as static files, for any web server: pictures stay in the tab, which computes by itself`

/** `promptsrc studio`: collect, train and try in a page. */
export function studioCommand(): Command {
  return new Command('studio')
    .argument('[folder]', 'folder of the project; made where it is new', 'studio')
    .option('--port <n>', 'port to listen on; 0 is any that is free', portNumber, 0)
    .option('--no-open', 'do not open the page; its address is printed')
    .option('--max-megabytes <n>', 'largest file of a picture', positiveNumber, 50)
    .option('--max-pictures <n>', 'most pictures of a class', wholeNumber(1), 5000)
    .addOption(threadsOption())
    .option('--build <folder>', 'write the page as static files instead, which compute in the tab')
    .option(
      '--model <model>',
      'with --build: a model to put beside it; repeatable (default: emoji)',
      repeated,
    )
    .option('--json', 'print address and folder as JSON')
    .addHelpText('after', examples)
    .action(studio)
}

const pageFolder = fileURLToPath(new URL('../studio', import.meta.url))

async function studio(folder: string, flags: StudioFlags): Promise<void> {
  if (flags.build !== undefined) return build(flags.build, flags)
  if (flags.model) {
    throw new ConfigError('--model is for --build; the page lets you choose a model', {
      hint: 'Leave it out.',
    })
  }
  const project = await ProjectFolder.open(folder)
  const page = await readPage(pageFolder)
  const signal = interruptible('Stopping. Go on by the same command; nothing is lost.')
  const { threads } = flags
  const events = new EventStreams()
  const training = new Training({
    project,
    threads,
    onState(state) {
      events.send('training', state)
      if (['finished', 'stopped', 'failed'].includes(state.phase)) events.send('changed', null)
    },
  })
  const answers = new Answers(threads)
  const token = newToken()
  let host = ''
  const app = studioApp({
    access: { token, host: () => host },
    project,
    training,
    answers,
    exports: new Exports(project, writeExport),
    limits: { pictureBytes: Math.floor(1e6 * flags.maxMegabytes), classPictures: flags.maxPictures },
    events,
    page,
    onError: (error) => process.stderr.write(`${error instanceof Error ? error.stack : error}\n`),
  })
  const listening = await listen(app.fetch, { host: '127.0.0.1', port: flags.port })
  host = new URL(listening.url).host
  const url = `${listening.url}/?token=${token}`
  const opener = join(project.root, 'open-studio.html')
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ url, folder: project.root })}\n`
      : printable(`The studio of ${folder} is at ${url}\nCtrl-C ends it.\n`),
  )
  try {
    if (flags.open) await openPage(opener, url)
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    events.end()
    await training.stop()
    await listening.stop()
    await answers.close()
    await rm(opener, { force: true })
  }
}

async function build(to: string, { model = ['emoji'], json }: StudioFlags): Promise<void> {
  const signal = interruptible('Interrupted. The same command begins again.')
  const bytes = await showingDownloads((onProgress) =>
    buildStatic(to, { page: pageFolder, models: model, signal, onProgress }),
  )
  process.stdout.write(
    json
      ? `${JSON.stringify({ folder: to, bytes, models: model })}\n`
      : printable(`${(bytes / 1e6).toFixed(1)} MB in ${to}: put it on any web server, by https\n`),
  )
}

/** Writes a run in another form, in a process of its own: it takes the memory of the model several times for a moment. */
async function writeExport(run: string, format: string, to: string): Promise<void> {
  const program = fileURLToPath(new URL('./main.js', import.meta.url))
  const args = ['export', run, '--format', format, '--out', to]
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code === 0) return
  const why = /^error: (.+)$/m.exec(said)?.[1] ?? said.trim().split('\n').at(-1)
  throw new UserError(`It cannot be taken away in this form: ${why || `code ${code}`}`)
}

/**
 * Opens the page in the person's browser by way of a file that only they can read: arguments of programs are seen by everybody
 * on a machine, and the address holds the token.
 */
async function openPage(file: string, url: string): Promise<void> {
  const page = `<!doctype html><meta charset="utf-8"><title>Studio</title><meta http-equiv="refresh" content="0;url=${url}">`
  await writeFile(file, page, { mode: 0o600 })
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', file]
      : process.platform === 'win32'
        ? ['explorer', file]
        : ['xdg-open', file]
  const child = spawn(program!, args, { stdio: 'ignore', detached: true })
  // The address is printed: whoever has no such program opens it by hand.
  child.on('error', () => {})
  child.unref()
}
