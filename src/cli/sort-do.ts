import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { counted } from '../core/counted.js'
import { UserError } from '../core/errors.js'
import { printable } from '../lab/results/formats/printable.js'
import { doSort, type SortCall, type SortDone } from '../node/sort/begin-sort.js'
import { type Entry, Journal } from '../node/sort/journal.js'
import { startLateProgress } from './progress.js'
import type { SortFlags } from './sort.js'
import { listed, participle, verb } from './sort-text.js'

/** What all steps of a sort need to know. */
export interface Task {
  /** Real path. */
  readonly into: string
  readonly call: SortCall
  readonly flags: Pick<SortFlags, 'dryRun' | 'yes' | 'json'>
  readonly signal: AbortSignal
  /** Called when the first file is about to be handled. */
  readonly begin: () => void
}

/** Shows the plan; does it where that is agreed to; says what came of it. */
export async function agreeAndDo(
  task: Task,
  plan: readonly Entry[] | Journal,
  {
    facts,
    text,
    files,
  }: { readonly facts: Record<string, unknown>; readonly text: string; readonly files: number },
): Promise<void> {
  const { into, call, flags, signal } = task
  const say = (line: string) => {
    if (!flags.json) process.stdout.write(printable(line, Number.POSITIVE_INFINITY))
  }
  say(text)
  const agreed = files > 0 && (await isAgreed(task, files))
  if (!agreed) {
    say(
      files === 0
        ? 'There is nothing to do.\n'
        : `\nNothing was done${flags.dryRun ? '' : '; --yes does it'}.\n`,
    )
    if (flags.json) process.stdout.write(`${JSON.stringify({ ...facts, done: 0, failed: [], agreed })}\n`)
    return
  }
  task.begin()
  const total = plan instanceof Journal ? plan.entries.length : plan.length
  const bar = startLateProgress('sorting', total, total - files)
  let result: SortDone
  try {
    result = await doSort(into, call, plan, { signal, onProgress: (done) => bar.update(done) })
  } finally {
    bar.stop()
  }
  const { done } = result
  const failed = result.failed.map(({ entry, reason }) => ({
    path: 'to' in entry ? entry.path : entry.sidecar,
    reason,
  }))
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...facts, done, failed, agreed })}\n`)
  const undoing = `\`promptsrc sort --undo ${into}\` takes it back.`
  say(`\n${counted(done, 'file')} ${participle(call.how)}. ${undoing}\n`)
  if (failed.length === 0) return
  say(
    listed(
      'stay:',
      failed.map(({ path, reason }) => `${path}: ${reason}`),
    ).join(''),
  )
  throw new UserError(`${counted(failed.length, 'file')} of ${total} could not be sorted`, {
    hint: 'They are where they were; call it again when the reason is mended.',
  })
}

async function isAgreed({ into, call: { how }, flags, signal }: Task, files: number): Promise<boolean> {
  if (flags.yes) return true
  if (flags.dryRun || flags.json) return false
  const what =
    how === 'keywords' ? 'Write keywords into' : `${verb(how)[0]!.toUpperCase()}${verb(how).slice(1)}`
  const where = how === 'keywords' ? '' : ` into ${into}`
  return confirmed(printable(`${what} ${counted(files, 'file')}${where}?`), signal)
}

/** Asks a question on the terminal. Everything but yes is no, as is having no terminal. */
async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // The terminal is in raw mode: Ctrl-C is a key, and no signal by itself.
  lines.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'))
  // Ctrl-D closes the terminal: some versions of Node reject then, others never answer.
  const closed = once(lines, 'close').then(() => '')
  const answered = lines.question(`${question} [y/N] `, { signal }).catch(() => '')
  const answer = await Promise.race([answered, closed])
  lines.close()
  signal.throwIfAborted()
  return /^\s*y(es)?\s*$/i.test(answer)
}
