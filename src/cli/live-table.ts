import type { TaskState, TaskUpdate, UnitTask } from '../lab/engines/engine.js'

/** Redraws at most so often. */
const REDRAW_MS = 200
/** Lines of runs at work, as far as the terminal has room. */
const ROWS = 12
const BAR = 20

/** A view of many tasks at work. */
export interface LiveTable {
  /** Takes a task's new state; tell the engine to call it. */
  update(update: TaskUpdate): void
  /** Says a line without tearing the table; shown without a terminal, too. */
  say(line: string): void
  stop(): void
}

/** Options of {@link startLiveTable}. */
export interface LiveTableOptions {
  /** What a finished task found, for its line. */
  readonly outcome?: (update: TaskUpdate) => string
  readonly stream?: NodeJS.WriteStream
}

interface Row {
  readonly task: UnitTask
  readonly state: TaskState
  readonly share: number
  readonly note: string
  /** When it began to run, in milliseconds. */
  readonly since: number
}

/**
 * Shows how far tasks are: on a terminal a table in place with those at work, counts and the time that is left; else
 * a line for each that ends.
 */
export function startLiveTable(tasks: readonly UnitTask[], options: LiveTableOptions = {}): LiveTable {
  const { outcome = () => 'done', stream = process.stderr } = options
  const table = new Table(tasks, stream)
  let live = stream.isTTY && process.env.TERM !== 'dumb'
  const timer = live ? setInterval(() => table.draw(), REDRAW_MS) : undefined
  timer?.unref()
  if (live) table.begin()
  const say = (line: string) => {
    table.erase()
    stream.write(`${line}\n`)
    if (live) table.draw()
  }
  return {
    update(update) {
      const since = table.take(update)
      const { task, state, reused, failure } = update
      if (reused) return
      const paint = live && !process.env.NO_COLOR ? red : plain
      if (state === 'done') say(`${task.name}: ${outcome(update)}, ${duration(since)}`)
      if (state === 'failed') say(`${task.name}: ${paint('failed')}: ${failure?.message}`)
      if (state === 'blocked') say(`${task.name}: ${failure?.message}`)
    },
    say,
    stop() {
      clearInterval(timer)
      if (live) table.end()
      live = false
    },
  }
}

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`
const plain = (text: string): string => text

/** The rows and their drawing. */
class Table {
  private readonly rows = new Map<string, Row>()
  private readonly began = performance.now()
  /** Work that earlier calls had done, in tasks. */
  private before = 0
  private drawn = 0

  constructor(
    tasks: readonly UnitTask[],
    private readonly stream: NodeJS.WriteStream,
  ) {
    for (const task of tasks) {
      this.rows.set(task.folder, { task, state: 'waiting', share: 0, note: '', since: 0 })
    }
  }

  /** Returns the seconds that the task has been running. */
  take({ task, state, share, note = '', reused }: TaskUpdate): number {
    const old = this.rows.get(task.folder)
    const now = performance.now()
    const since = old?.state === 'running' ? old.since : now
    // Of a run that goes on, what was done before costs no time now.
    if (reused) this.before++
    else if (state === 'running' && old?.state !== 'running') this.before += share ?? 0
    const done = state === 'done' ? 1 : (share ?? old?.share ?? 0)
    this.rows.set(task.folder, { task, state, share: done, note, since })
    return (now - since) / 1000
  }

  begin(): void {
    this.stream.write('\u001b[?25l')
    process.once('exit', this.showCursor)
    this.draw()
  }

  end(): void {
    this.erase()
    this.showCursor()
    process.removeListener('exit', this.showCursor)
  }

  private readonly showCursor = (): void => {
    this.stream.write('\u001b[?25h')
  }

  erase(): void {
    if (this.drawn > 0) this.stream.write(`\u001b[${this.drawn}A\r\u001b[J`)
    this.drawn = 0
  }

  draw(): void {
    const { columns = 80, rows: height = 24 } = this.stream
    const lines = this.lines(Math.max(1, Math.min(ROWS, height - 4)))
    // Over the old lines in one write, so that nothing flickers. A line that wraps would take two.
    const text = lines.map((line) => `${line.slice(0, columns - 1)}\u001b[K\n`).join('')
    this.stream.write(`${this.drawn > 0 ? `\u001b[${this.drawn}A\r` : ''}${text}\u001b[J`)
    this.drawn = lines.length
  }

  private lines(most: number): string[] {
    const all = [...this.rows.values()]
    const running = all.filter(({ state }) => state === 'running')
    const shown = running.slice(0, most)
    const width = Math.max(0, ...shown.map(({ task }) => task.name.length))
    const now = performance.now()
    return [
      this.headline(all),
      ...shown.map(({ task, share, since }) => {
        const percent = `${Math.floor(100 * share)} %`.padStart(5)
        return `  ${task.name.padEnd(width)}  ${bar(share)} ${percent}  ${duration((now - since) / 1000)}`
      }),
      ...(running.length > shown.length ? [`  and ${running.length - shown.length} more`] : []),
    ]
  }

  private headline(all: readonly Row[]): string {
    const count = (...states: TaskState[]) => all.filter(({ state }) => states.includes(state)).length
    const counts = [
      [`${count('done')} of ${all.length}`, 'done'],
      [count('running'), 'running'],
      [count('queued'), `queued${this.notes(all)}`],
      [count('waiting'), 'waiting'],
      [count('failed'), 'failed'],
      [count('blocked'), 'blocked'],
    ] as const
    const parts = counts.filter(([number]) => number !== 0).map(([number, name]) => `${number} ${name}`)
    const left = this.secondsLeft(all)
    return [...parts, ...(left === undefined ? [] : [`ETA ${duration(left)}`])].join(', ')
  }

  /** What queued tasks wait for, as far as it is not each other. */
  private notes(all: readonly Row[]): string {
    const notes = new Set(all.flatMap(({ state, note }) => (state === 'queued' && note ? [note] : [])))
    notes.delete('Dependency')
    return notes.size > 0 ? ` (${[...notes].join(', ')})` : ''
  }

  /** By the pace of this call. */
  private secondsLeft(all: readonly Row[]): number | undefined {
    const open = all.filter(({ state }) => state !== 'failed' && state !== 'blocked')
    const done = open.reduce((sum, { share }) => sum + share, 0) - this.before
    const left = open.reduce((sum, { share }) => sum + 1 - share, 0)
    if (done < 0.02 || left === 0) return undefined
    return ((performance.now() - this.began) / 1000 / done) * left
  }
}

function bar(share: number): string {
  const full = Math.round(BAR * Math.min(1, share))
  return '█'.repeat(full) + '░'.repeat(BAR - full)
}

/** A duration in seconds as people say it: 12 s, 3 min 05 s, 2 h 10 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`
}

const padded = (number: number): string => String(number).padStart(2, '0')
