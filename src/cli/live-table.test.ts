import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TaskState, TaskUpdate, UnitTask } from '../lab/engines/engine.js'
import { duration, startLiveTable } from './live-table.js'

const tasks: UnitTask[] = ['train-1', 'train-2', 'test-1'].map((name) => ({ folder: name, name, after: [] }))

/** A stream that keeps what a terminal of this size would show, and all that was written. */
function screen({ isTTY = true, columns = 80, rows = 24 } = {}) {
  const all: string[] = []
  let lines = ['']
  const stream = {
    isTTY,
    columns,
    rows,
    write(text: string) {
      all.push(text)
      for (const [part] of text
        .replaceAll('\u001b', '␛')
        .matchAll(/␛\[(\?25[hl]|\d*[AJKm])|\n|\r|[^␛\n\r]+/g)) {
        if (part === '\n') lines.push('')
        else if (/^␛\[\d+A$/.test(part)) lines = [...lines.slice(0, -1 - Number(part.slice(2, -1))), '']
        else if (!part.startsWith('␛') && part !== '\r') lines.push(`${lines.pop()}${part}`)
      }
      return true
    },
  }
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    shown: () => lines.slice(0, -1),
    written: () => all.join(''),
  }
}

function start(size: Parameters<typeof screen>[0], outcome?: (update: TaskUpdate) => string) {
  const terminal = screen(size)
  const table = startLiveTable(tasks, { stream: terminal.stream, ...(outcome ? { outcome } : {}) })
  const update = (at: number, state: TaskState, details: Omit<TaskUpdate, 'task' | 'state'> = {}) =>
    table.update({ task: tasks[at]!, state, ...details })
  return { ...terminal, table, update }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  vi.stubEnv('TERM', 'xterm')
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

describe('a live table', () => {
  it('shows counts, runs at work and the time left in place, and lines of what has ended above', () => {
    const { shown, update, table } = start({}, () => 'base 90.0 %')
    update(0, 'running', { share: 0 })
    vi.advanceTimersByTime(60_000)
    update(0, 'done')
    update(1, 'running', { share: 0.5 })
    update(2, 'queued', { note: 'Resources' })
    vi.advanceTimersByTime(30_000)
    update(1, 'running', { share: 0.75 })
    vi.advanceTimersByTime(200)
    expect(shown()).toEqual([
      'train-1: base 90.0 %, 1 min 00 s',
      '1 of 3 done, 1 running, 1 queued (Resources), ETA 1 min 30 s',
      '  train-2  ███████████████░░░░░  75 %  30 s',
    ])
    table.stop()
    expect(shown()).toEqual(['train-1: base 90.0 %, 1 min 00 s'])
  })

  it('fits the terminal', () => {
    const { shown, update, table } = start({ columns: 20, rows: 5 })
    for (const at of [0, 1, 2]) update(at, 'running', { share: 0 })
    vi.advanceTimersByTime(200)
    expect(shown()).toEqual(['0 of 3 done, 3 runn', '  train-1  ░░░░░░░░', '  and 2 more'])
    table.stop()
  })

  it('hides the cursor only while it is there', () => {
    const { written, table } = start({})
    table.stop()
    expect(written().indexOf('\u001b[?25l')).toBe(0)
    expect(written().endsWith('\u001b[?25h')).toBe(true)
  })

  it.each([
    [undefined, true],
    ['1', false],
  ])('colours failures unless NO_COLOR is %s', (value, coloured) => {
    vi.stubEnv('NO_COLOR', value)
    const { written, update, table } = start({})
    update(0, 'failed', { failure: { message: 'broke' } })
    table.stop()
    expect(written().includes('\u001b[31mfailed')).toBe(coloured)
  })

  it.each([
    ['without a terminal', false, 'xterm'],
    ['on a dumb one', true, 'dumb'],
  ])('is a line for each run that ends %s', (_, isTTY, term) => {
    vi.stubEnv('TERM', term)
    const { written, update, table } = start({ isTTY })
    update(2, 'done', { reused: true })
    update(0, 'running', { share: 0 })
    vi.advanceTimersByTime(61_000)
    update(0, 'done')
    update(1, 'blocked', { failure: { message: 'needs x, which is not done' } })
    table.stop()
    expect(written()).toBe('train-1: done, 1 min 01 s\ntrain-2: needs x, which is not done\n')
  })
})

it.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [60, '1 min 00 s'],
  [3599.6, '1 h 00 min'],
  [7260, '2 h 01 min'],
])('a duration of %f s is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})
