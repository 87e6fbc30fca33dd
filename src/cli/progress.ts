import { SingleBar } from 'cli-progress'

/** A progress bar on the terminal; silent where standard error is none. */
export interface Progress {
  update(done: number, note?: string): void
  /** Says a line without tearing the bar; shown without a terminal, too. */
  say(line: string): void
  stop(): void
}

/** Starts a bar with percentage, ETA and a note. */
export function startProgress(label: string, total: number, done = 0): Progress {
  if (!process.stderr.isTTY) {
    return { update() {}, say: (line) => process.stderr.write(`${line}\n`), stop() {} }
  }
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}%  {value}/{total}  ETA {eta_formatted}  {note}`,
    stream: process.stderr,
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
    fps: 8,
  })
  bar.start(total, done, { note: '' })
  return {
    update: (value, note) => bar.update(value, note === undefined ? {} : { note }),
    say(line) {
      process.stderr.write(`\r\u001b[K${line}\n`)
      bar.render()
    },
    stop: () => bar.stop(),
  }
}

/** Work that takes less needs no bar. */
const PATIENCE_MS = 2000

/** A bar that shows only where the work takes longer than two seconds. */
export function startLateProgress(label: string, total: number, done = 0): Progress {
  const started = performance.now()
  let bar: Progress | undefined
  return {
    update(value, note) {
      if (!bar && performance.now() - started > PATIENCE_MS) bar = startProgress(label, total, done)
      bar?.update(value, note)
    },
    say(line) {
      if (bar) bar.say(line)
      else process.stderr.write(`${line}\n`)
    },
    stop: () => bar?.stop(),
  }
}
