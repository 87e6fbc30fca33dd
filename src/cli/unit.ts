import { Command } from 'commander'
import type { UnitProgress } from '../compare/spawn-unit.js'
import { openData } from './data.js'
import { interruptible } from './interrupt.js'
import { wholeNumber } from './options.js'
import { type Progress, startProgress } from './progress.js'

const examples = `
Examples:
  $ promptsrc unit runs/compare-toy/runs/promptsrc-seed1-0f3a9c21`

/** `promptsrc unit`: does one run of a comparison. `compare` starts it; a job array may as well. */
export function unitCommand(): Command {
  return new Command('unit')
    .description('do one run of a comparison: train, measure, and keep the figures in its folder')
    .argument('<folder>', 'folder with a unit.json, as `promptsrc compare` makes them')
    .option('--threads <n>', 'threads of ONNX Runtime (default: one a core)', wholeNumber(1))
    .addHelpText('after', examples)
    .action(unit)
}

async function unit(folder: string, { threads }: { threads?: number }): Promise<void> {
  stopWithParent()
  const { readResult, readUnit } = await import('../compare/unit.js')
  const spec = await readUnit(folder)
  if (await readResult(folder, spec)) {
    process.stdout.write(`${folder} is finished\n`)
    return
  }
  const signal = interruptible(`Interrupted. Continue with: promptsrc unit ${folder}`)
  const [{ runUnit }, { loadModel }] = await Promise.all([
    import('../compare/run-unit.js'),
    import('../model.js'),
  ])
  const data = await openData(
    spec.data.path,
    spec.data.classNames ? { classNames: spec.data.classNames } : {},
  )
  const model = await loadModel(spec.model.name, { signal, ...(threads ? { threads } : {}) })
  let bar: Progress | undefined
  let stepsPerEpoch = 0
  let steps = 0
  try {
    const { accuracies } = await runUnit(folder, spec, {
      model,
      data,
      signal,
      onEvent(event) {
        if (event.type === 'warning') process.stderr.write(`warning: ${event.message}\n`)
        if (event.type === 'start') {
          stepsPerEpoch = event.stepsPerEpoch
          steps = event.epochs * stepsPerEpoch
          if (!process.connected)
            bar = startProgress(
              `${spec.label}, seed ${spec.settings.seed}`,
              steps,
              event.done * stepsPerEpoch,
            )
        }
        if (event.type === 'step') {
          const done = (event.epoch - 1) * stepsPerEpoch + event.step
          bar?.update(done, `loss ${event.losses.total!.toFixed(3)}`)
          tell({ share: done / steps })
        }
      },
    }).finally(() => bar?.stop())
    const { base, novel } = accuracies
    const shown = novel === undefined ? '' : `, novel ${novel.toFixed(1)} %`
    process.stdout.write(`base ${base.toFixed(1)} %${shown}\n`)
  } finally {
    await model.close()
  }
}

/** Ends this process when the one that started it lets go of it or dies; the disk is whole at any moment. */
function stopWithParent(): void {
  if (!process.send) return
  if (!process.connected) process.exit(130)
  process.on('disconnect', () => process.exit(130))
  // Waiting for that must not keep a process that is done.
  process.channel?.unref()
}

/** Tells progress to the process that started this one, if one did and is there still. */
function tell(progress: UnitProgress): void {
  if (process.connected) process.send!(progress, () => {})
}
