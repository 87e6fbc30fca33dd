import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cli } from './emoji-run.js'
import { median, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// Processor time (user and system, of all threads) and modules that commands load before they have anything to do:
// medians of runs that take turns, so that a busy machine is unfair to none of them.
// Usage: npm run bench:cli -- [--runs 9] [--against other/dist/cli/main.js] [--json FILE]

const { runs, against, json } = benchOptions({ runs: 9, against: String })
const programs = { here: cli, ...(against ? { against } : {}) }
const calls = [
  ['--version'],
  ['--help'],
  ['methods'],
  ['configs'],
  ['unit', 'no-such-folder'],
  ['predict', 'no-such-run', 'no-such-image'],
  ['train', 'no-such-data'],
  ['bench', 'few-shot', '--datasets', 'no-such-data'],
]

const report = join(tmpdir(), `promptsrc-start-${process.pid}`)
const inline = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
const append = `import { appendFileSync } from 'node:fs';`
const path = JSON.stringify(report)
const clock = inline(
  `${append} process.on('exit', () => { const { user, system } = process.cpuUsage(); appendFileSync(${path}, String((user + system) / 1e6)) })`,
)
const hook = inline(
  `${append} export const load = (url, context, next) => { if (!url.startsWith('node:')) appendFileSync(${path}, url + '\\n'); return next(url, context) }`,
)
const counter = inline(`import { register } from 'node:module'; register(${JSON.stringify(hook)})`)

/** Runs Node with something that reports imported before the program. */
function reported(preload: string, args: readonly string[]): string {
  writeFileSync(report, '')
  spawnSync(process.execPath, ['--import', preload, ...args], {
    stdio: 'ignore',
    env: { ...process.env, PROMPTSRC_CACHE: 'off', HF_HUB_OFFLINE: '1' },
  })
  return readFileSync(report, 'utf8')
}

const rows = [
  { name: 'bare Node', args: ['--eval', '0'] },
  ...Object.entries(programs).flatMap(([where, main]) =>
    calls.map((call) => ({
      name: `${call.join(' ')}${against ? `, ${where}` : ''}`,
      args: [main, ...call],
    })),
  ),
]
const seconds = rows.map((): number[] => [])
for (let run = 0; run < runs; run++) {
  for (const [i, { args }] of rows.entries()) seconds[i]!.push(Number(reported(clock, args)))
}
const figures = rows.map(({ name, args }, i) => ({
  name,
  seconds: median(seconds[i]!),
  rounds: seconds[i]!,
  modules: reported(counter, args).split('\n').length - 1,
}))
rmSync(report, { force: true })
console.log(`${machineLine(1)}; medians of ${runs} runs`)
for (const { name, seconds, modules } of figures) {
  console.log(`${seconds.toFixed(3)} s  ${String(modules).padStart(4)} modules  ${name}`)
}
writeFigures(json, { figures }, 1)
