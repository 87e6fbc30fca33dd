import type { LogEntry } from '../run/run-store.js'
import type { SettingsInput } from '../train/settings.js'
import type { TrainEvent } from '../train/train-prompts.js'
import type { TrainedPrompts } from '../train/trained-prompts.js'
import type { TrainChoice } from './place.js'
import type { TrainingNews, TrainingState } from './training-state.js'

/** Between two steps that are told, in milliseconds. */
const TELL_MS = 100

/** Classes with fewer pictures than may be learned from: a page has said how many there are. */
const SHORTAGE = /fewer( training images)? than \d+ shots/

/** What a choice means to the trainer. */
export const settingsOf = ({
  pace,
  shots,
  epochs,
}: Pick<TrainChoice, 'pace' | 'shots' | 'epochs'>): SettingsInput =>
  pace === 'quick' ? { method: 'gda', shots } : { method: 'promptsrc', shots, epochs }

/** What is told of a training, and what it reads of its log. */
export interface FollowOptions {
  readonly tell: (news: TrainingNews) => void
  /** The log of the run, asked for where an earlier part of it was finished. */
  readonly log: () => Promise<readonly LogEntry[]>
  /** Warnings as people should read them. */
  readonly wording?: (warning: string) => string
}

/** Follows a training to its end, telling what happens as pages show it. */
export async function followTraining(
  training: AsyncGenerator<TrainEvent, TrainedPrompts>,
  { tell, log, wording = (warning) => warning }: FollowOptions,
): Promise<TrainedPrompts> {
  let last = Number.NEGATIVE_INFINITY
  let next = await training.next()
  for (; !next.done; next = await training.next()) {
    const event = next.value
    if (event.type === 'warning' && !SHORTAGE.test(event.message)) {
      tell({ type: 'warning', message: wording(event.message) })
    } else if (event.type === 'start') {
      const { epochs, stepsPerEpoch, done } = event
      const curve = done > 0 ? curveOf(await log(), done) : []
      tell({ type: 'start', at: performance.now(), epochs, stepsPerEpoch, curve })
    } else if (event.type === 'epoch') {
      tell({ type: 'epoch', loss: event.losses.total!, accuracy: event.accuracy })
    } else if (event.type === 'step' && performance.now() - last > TELL_MS) {
      last = performance.now()
      tell({ type: 'step', at: last, epoch: event.epoch, step: event.step })
    }
  }
  return next.value
}

/** The curve of epochs that an earlier part of the run has finished. */
const curveOf = (log: readonly LogEntry[], epochs: number): TrainingState['curve'] =>
  log
    .filter(({ event, epoch = 0 }) => event === 'epoch' && epoch <= epochs)
    .map(({ losses, accuracy }) => ({
      loss: (losses as Record<string, number>).total!,
      accuracy: accuracy as number,
    }))
