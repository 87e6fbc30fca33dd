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
