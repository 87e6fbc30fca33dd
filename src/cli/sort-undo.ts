import { counted } from '../core/counted.js'
import { ConfigError } from '../core/errors.js'
import { printable } from '../lab/results/formats/printable.js'
import { realTarget } from '../node/sort/begin-sort.js'
import { undoSort } from '../node/sort/undo.js'
import { interruptible } from './interrupt.js'
import { type Progress, startLateProgress } from './progress.js'
import type { SortFlags } from './sort.js'
import { listed } from './sort-text.js'

/**
 * `promptsrc sort --undo DIR`, and that of `clean`.
 *
 * @param what is undone, as its command calls it
 */
export async function undo(
  dir: string,
  run: string | undefined,
  flags: Partial<SortFlags>,
  what = 'sort',
): Promise<void> {
  const { into, copy, move, hardlink, symlink, keywords, dryRun } = flags
  if (run !== undefined || into || copy || move || hardlink || symlink || keywords || dryRun) {
    throw new ConfigError('--undo DIR goes alone', { hint: 'For example: promptsrc sort --undo sorted' })
  }
  const target = await realTarget(dir)
  const signal = interruptible('Interrupted. The same call goes on.')
  let bar: Progress | undefined
  const undone = await undoSort(target, {
    signal,
    onStart: (entries) => {
      bar = startLateProgress('undoing', entries)
    },
    onProgress: (done) => bar?.update(done),
  }).finally(() => bar?.stop())
  if (flags.json) {
    const { folder, files, kept, earlier } = undone ?? { folder: null, files: 0, kept: [], earlier: 0 }
    process.stdout.write(`${JSON.stringify({ into: target, folder, undone: files, kept, earlier })}\n`)
    return
  }
  const lines = undone
    ? [
        `${counted(undone.files, 'file')} of the ${what} of ${undone.folder} taken back\n`,
        ...listed(
          'kept:',
          undone.kept.map(({ path, reason }) => `${path}: ${reason}`),
        ),
        ...(undone.earlier > 0
          ? [`${counted(undone.earlier, `earlier ${what}`)} into ${target} can be undone as well\n`]
          : []),
      ]
    : [`nothing to undo: no ${what} into ${target} is on record\n`]
  process.stdout.write(printable(lines.join(''), Number.POSITIVE_INFINITY))
}
