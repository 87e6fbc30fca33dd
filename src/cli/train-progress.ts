import { counted } from '../core/counted.js'
import type { TrainEvent } from '../core/train/train-prompts.js'
import type { TrainedPrompts } from '../core/train/trained-prompts.js'
import { secondsOf } from '../core/train/training-cost.js'
import { type TrainRunOptions, trainRun } from '../node/runs/train-run.js'
import { longRunNote, measuredRate, plannedNote, TIMED_STEPS } from './estimate.js'
import { warn } from './fail.js'
import { fastCost } from './fast.js'
import { type Progress, startProgress } from './progress.js'

/** Trains with a progress bar over all steps. */
export async function trainShown(options: TrainRunOptions): Promise<TrainedPrompts> {
  const events = trainRun(options)
  let bar: Progress | undefined
  let stepsPerEpoch = 0
  let started: Extract<TrainEvent, { type: 'start' }> | undefined
  let said: number | undefined
  let before = 0
  const seconds: number[] = []
  try {
    for (;;) {
      const next = await events.next()
      if (next.done) return next.value
      const event = next.value
      switch (event.type) {
        case 'warning':
          warn(event.message)
          break
        case 'plan': {
          const { cost, batchSize } = event
          const { clip, runtime } = options.model
          const rate = await measuredRate(cost, { clip, runtime, batchSize })
          const fast =
            rate && cost.flops.images === 0 && event.kind === 'images'
              ? await fastCost(clip, event)
              : undefined
          process.stderr.write(`${plannedNote({ cost, rate, fast })}\n`)
          said = rate && secondsOf(cost, { flops: rate })
          break
        }
        case 'start': {
          stepsPerEpoch = event.stepsPerEpoch
          started = event
          before = performance.now()
          const { classNames, images, kind, epochs, done, parameters, trainer } = event
          process.stderr.write(
            `${counted(classNames.length, 'class', 'classes')}, ${counted(images, kind === 'images' ? 'image' : 'sentence')}, ${parameters} learned values, ${counted(epochs, 'epoch')} of ${counted(stepsPerEpoch, 'step')}${done > 0 ? `, ${done} done` : ''}\n`,
          )
          if (trainer.classesAtOnce !== undefined) {
            process.stderr.write(
              `memory: ${trainer.classesAtOnce} classes at a time, to take about ${(trainer.memory / 1e9).toFixed(1)} GB\n`,
            )
          }
          bar = startProgress('training', epochs * stepsPerEpoch, done * stepsPerEpoch)
          break
        }
        case 'step': {
          const step = (event.epoch - 1) * stepsPerEpoch + event.step
          bar?.update(step, `loss ${event.losses.total!.toFixed(3)}`)
          if (seconds.length === TIMED_STEPS) break
          seconds.push((performance.now() - before) / 1000)
          before = performance.now()
          if (seconds.length < TIMED_STEPS) break
          const stepsLeft = started!.epochs * stepsPerEpoch - step
          const note = longRunNote({ seconds, stepsLeft, said })
          if (note) process.stderr.write(`${note}\n`)
          break
        }
        case 'epoch':
          break
      }
    }
  } finally {
    bar?.stop()
  }
}
