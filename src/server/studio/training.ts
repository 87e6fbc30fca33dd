import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { settingsOf } from '../../core/studio/follow-training.js'
import type { TrainChoice } from '../../core/studio/place.js'
import {
  isBusy,
  TrainingFollower,
  type TrainingNews,
  type TrainingState,
} from '../../core/studio/training-state.js'
import { readRunConfig } from '../../node/runs/run-directory.js'
import { Refusal } from '../refusal.js'
import type { ProjectFolder } from './project-folder.js'
import { newRunName } from './runs.js'
import type { TrainOrders } from './train-child.js'

/** Options of {@link Training}. */
export interface TrainingOptions {
  readonly project: ProjectFolder
  readonly threads?: number | undefined
  readonly onState: (state: TrainingState) => void
  /** Starts the process that trains. Default: a Node of its own. */
  readonly start?: (env: NodeJS.ProcessEnv) => ChildProcess
}

/** How long a process that was told to stop may take before it is ended: a step of a large model takes seconds. */
const PATIENCE_MS = 10_000

/** The training of a project: at most one, in a process of its own. */
export class Training {
  private readonly follower = new TrainingFollower()
  private child: ChildProcess | undefined
  private ended: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: TrainingOptions) {}

  get state(): TrainingState {
    return this.follower.state
  }

  /** Begins a new run; gives its name. */
  async train({ model, download, pace, shots, epochs }: TrainChoice): Promise<string> {
    this.refuseBusy()
    const run = await newRunName(this.options.project)
    const settings = settingsOf({ pace, shots, epochs })
    this.begin(run, { model, settings, resume: false }, download)
    return run
  }

  /** Goes on with a run that was stopped. @throws Refusal where it is none */
  async resume(run: string): Promise<void> {
    this.refuseBusy()
    const config = await readRunConfig(await this.options.project.runFolder(run))
    if (!config) throw new Refusal(422, `${run} holds no training to go on with`)
    this.begin(run, { model: config.model.name, settings: config.settings, resume: true }, false)
  }

  /** Ends what is at work; its epochs so far stay. */
  async stop(): Promise<void> {
    const { child } = this
    if (!child) return
    if (child.connected) child.send('stop')
    const impatient = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    await this.ended
    clearTimeout(impatient)
  }

  private refuseBusy(): void {
    if (isBusy(this.state))
      throw new Refusal(422, 'A training is at work already. Stop it, or wait until it is done.')
  }

  private begin(
    run: string,
    orders: Pick<TrainOrders, 'model' | 'settings' | 'resume'>,
    download: boolean,
  ): void {
    const { project, threads, start = startNode } = this.options
    // Nothing is downloaded that nobody agreed to.
    const child = start({ ...process.env, ...(download ? {} : { HF_HUB_OFFLINE: '1' }) })
    this.child = child
    this.take({ type: 'begin', run })
    child.on('message', (news: TrainingNews) => this.take(news))
    this.ended = once(child, 'exit').then(([code, signal]) => {
      this.child = undefined
      if (isBusy(this.state)) this.take(deathNews(code, signal))
    })
    const out = join(project.runs, run)
    child.send({ ...orders, out, photos: project.photos, threads } satisfies TrainOrders)
  }

  private take(news: TrainingNews): void {
    this.options.onState(this.follower.take(news))
  }
}

/** What is said of a process that ended without a word. */
function deathNews(code: number | null, signal: NodeJS.Signals | null): TrainingNews {
  const memory = signal === 'SIGKILL'
  return {
    type: 'fail',
    message: `The process that trained was ended (${signal ?? `code ${code}`})${memory ? '; systems do so when memory runs out' : ''}.`,
    hint: memory
      ? 'Close other programs or choose a smaller model, then go on: the epochs so far are kept.'
      : 'Go on with the training: the epochs so far are kept.',
  }
}

function startNode(env: NodeJS.ProcessEnv): ChildProcess {
  const file = fileURLToPath(new URL('./train-child.js', import.meta.url))
  if (!existsSync(file)) throw new Error(`${file} is missing: build promptsrc first`)
  // Arguments of this process, such as --input-type, may not suit it.
  return fork(file, { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}
