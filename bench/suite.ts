import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { medianOf } from '../src/core/evaluate/statistics.js'
import { plannedStep, type StepTiming } from '../src/core/train/time-steps.js'
import { chart, loadPlot } from '../src/pages/chart.js'
import { benchedClip } from './benched-clip.js'
import { writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// A training step as classes, batch, image size and depth grow, and by method and backbone: operations of every case are
// counted from shapes, cases of few enough are timed too, each in a process of its own (`bench/step.ts`), all of them in
// turn in every round, so that a busy machine is unfair to none. Writes table.md and plots (SVG) below --out, and what
// --json names, else bench.json there.
// Usage: npm run bench -- [--rounds 3] [--most-gflop 500] [--threads 2] [--out bench-results] [--quick] [--count-only]
// [--json FILE]
// --quick: one round, of cases below 50 GFLOP. --count-only: nothing is timed.

const options = benchOptions({
  rounds: Number,
  mostGflop: Number,
  threads: Math.min(2, availableParallelism()),
  out: 'bench-results',
  quick: false,
  countOnly: false,
})
const { threads, out, quick } = options
const rounds = options.countOnly ? 0 : (options.rounds ?? (quick ? 1 : 3))
const most = options.mostGflop ?? (quick ? 50 : 500)

/** Colours of what is counted and of what is measured. */
const [counted, measured] = ['#0072b2', '#d55e00']

/** A step of a size. */
interface Case {
  readonly backbone: string
  readonly method: string
  readonly classes: number
  readonly batch: number
  /** Side of images, and blocks of the image tower, where these are not the backbone's. */
  readonly resolution?: number
  readonly layers?: number
}

/** What grows along a plot, and in which cases. */
interface Series {
  readonly title: string
  readonly axis: string
  readonly of: string
  readonly cases: readonly { readonly at: number | string; readonly step: Case }[]
}

const base: Case = { backbone: 'ViT-B/16', method: 'promptsrc', classes: 10, batch: 4 }
const grown = (axis: keyof Case, ats: readonly (number | string)[], from: Case = base): Series['cases'] =>
  ats.map((at) => ({ at, step: { ...from, [axis]: at } as Case }))
const trained = ['promptsrc', 'ivlp', 'maple', 'cocoop', 'coop', 'proda', 'kgcoop', 'tcp', 'mmrlpp']
const towers = ['tiny', 'ViT-B/32', 'ViT-B/16', 'ViT-L/14', 'RN50']
const about = `${base.method}, ${base.backbone}, ${base.classes} classes, batch ${base.batch}`
const all: readonly Series[] = [
  { title: 'classes', axis: 'classes', of: about, cases: grown('classes', [10, 50, 100, 500, 1000]) },
  { title: 'batch', axis: 'images a step', of: about, cases: grown('batch', [1, 4, 16, 32]) },
  {
    title: 'image size',
    axis: 'pixels a side',
    of: about,
    cases: grown('resolution', [112, 160, 224, 288, 336]),
  },
  { title: 'depth', axis: 'blocks of the image tower', of: about, cases: grown('layers', [3, 6, 9, 12]) },
  {
    title: 'methods on tiny',
    axis: 'method',
    of: 'tiny, 10 classes, batch 4',
    cases: grown('method', trained, { ...base, backbone: 'tiny' }),
  },
  { title: 'methods', axis: 'method', of: about, cases: grown('method', trained) },
  {
    title: 'backbones',
    axis: 'backbone',
    of: 'coop, 10 classes, batch 4',
    cases: grown('backbone', towers, { ...base, method: 'coop' }),
  },
  {
    title: 'backbones that take visual prompts',
    axis: 'backbone',
    of: `${base.method}, ${base.classes} classes, batch ${base.batch}`,
    cases: grown(
      'backbone',
      towers.filter((name) => name !== 'RN50'),
    ),
  },
]

/** A step and what became of it. */
interface Measured extends Case {
  readonly gflop: number
  readonly operators: number
  readonly valuesMb: number
  /** Of every round. */
  readonly rounds: { seconds: number; productGflops: number; peakRssMb: number }[]
}

const known = new Map<string, Measured>()
const keyOf = (step: Case) => JSON.stringify(Object.entries(step).sort())
for (const { step } of all.flatMap(({ cases }) => cases)) {
  if (known.has(keyOf(step))) continue
  const { graph } = await plannedStep({ ...step, clip: await benchedClip(step) })
  const cost = { gflop: graph.flops / 1e9, operators: graph.applications, valuesMb: graph.peakBytes / 1e6 }
  known.set(keyOf(step), { ...step, ...cost, rounds: [] })
}

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-bench-'))
const child = fileURLToPath(new URL('./step.ts', import.meta.url))
const tsx = fileURLToPath(import.meta.resolve('tsx'))
mkdirSync(out, { recursive: true })
for (let round = 0; round < rounds; round++) {
  for (const one of known.values()) {
    if (one.gflop > most) continue
    const { backbone, method, classes, batch, resolution, layers } = one
    const json = join(folder, 'step.json')
    const options = {
      backbone,
      method,
      classes,
      batch,
      resolution,
      layers,
      threads,
      steps: 3,
      json,
    }
    const args = Object.entries(options).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, `${value}`],
    )
    const { status, stderr } = spawnSync(process.execPath, ['--import', tsx, child, ...args], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
    const timing = JSON.parse(readFileSync(json, 'utf8')) as StepTiming & { peakRssMb: number }
    const { stepSeconds: seconds, productGflops, peakRssMb } = timing
    one.rounds.push({ seconds, productGflops, peakRssMb })
    process.stderr.write(
      `${round + 1}: ${method} ${backbone} ${classes} x ${batch}: ${seconds.toFixed(3)} s\n`,
    )
  }
  await write()
}
await write()
rmSync(folder, { recursive: true, force: true })
console.log(`${machineLine(threads)}; medians of ${rounds} rounds in ${out}`)

/** After every round, so that what was measured is kept. */
async function write(): Promise<void> {
  const series = all.map(({ cases, ...rest }) => ({
    ...rest,
    points: cases.map(({ at, step }) => ({ at, ...summary(known.get(keyOf(step))!) })),
  }))
  writeFigures(
    options.json ?? join(out, 'bench.json'),
    { rounds, series, steps: [...known.values()] },
    threads,
  )
  writeFileSync(join(out, 'table.md'), series.map(table).join('\n'))
  for (const one of series) {
    writeFileSync(join(out, `${one.title.replaceAll(' ', '-')}.svg`), await plot(one))
  }
}

type Point = ReturnType<typeof summary> & { at: number | string }
type Drawn = Omit<Series, 'cases'> & { points: Point[] }

function summary({ gflop, operators, valuesMb, rounds }: Measured) {
  const median = (of: (round: (typeof rounds)[number]) => number) => medianOf(rounds.map(of)) ?? undefined
  return {
    gflop,
    operators,
    valuesMb,
    seconds: median(({ seconds }) => seconds),
    share: median(({ seconds, productGflops }) => gflop / seconds / productGflops),
    peakRssMb: median(({ peakRssMb }) => peakRssMb),
  }
}

function table({ title, of, axis, points }: Drawn): string {
  const rows = points.map(
    ({ at, gflop, operators, valuesMb, seconds, share, peakRssMb }) =>
      `| ${at} | ${gflop.toFixed(gflop < 10 ? 2 : 0)} | ${operators} | ${valuesMb.toFixed(0)} | ${seconds?.toFixed(3) ?? '-'} | ${share === undefined ? '-' : `${(100 * share).toFixed(0)} %`} | ${peakRssMb?.toFixed(0) ?? '-'} |`,
  )
  return [
    `${title} (${of})\n`,
    `| ${axis} | GFLOP | operators | values alive, MB | s | share of plain products | peak, MB |`,
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
  ].join('\n')
}

/**
 * Operations of a step; beside them, where it was timed, what plain products do in its time: the distance is what a step
 * loses to everything else.
 */
async function plot({ title, of, axis, points }: Drawn): Promise<string> {
  const { barX, dot, line, text } = await loadPlot()
  const timed = points.flatMap((point) =>
    point.share === undefined ? [] : [{ ...point, gflop: point.gflop / point.share }],
  )
  const numeric = points.every(({ at }) => typeof at === 'number')
  const cost = 'GFLOP a step'
  const key = (words: string, fill: string, dy: number) =>
    text([words], { frameAnchor: 'top-right', textAnchor: 'end', fill, dy })
  const keys = [
    key('counted', counted, -26),
    ...(timed.length > 0 ? [key('what plain products do in the time measured', measured, -12)] : []),
  ]
  /** Behind the bar and the ring. */
  const labelled = points.map((point) => ({ ...point, end: point.gflop / (point.share ?? 1) }))
  const svg = await chart(
    {
      width: 420,
      height: numeric ? 270 : 85 + 26 * points.length,
      marginTop: 38,
      marginBottom: 42,
      marginLeft: numeric ? 60 : 90,
      marginRight: numeric ? 20 : 60,
      x: { label: numeric ? axis : cost, labelArrow: 'none', zero: true, grid: !numeric },
      y: numeric
        ? { label: cost, labelArrow: 'none', zero: true, grid: true }
        : { label: null, domain: points.map(({ at }) => at) },
      marks: numeric
        ? [
            ...keys,
            line(points, { x: 'at', y: 'gflop', stroke: counted, strokeWidth: 2 }),
            dot(points, { x: 'at', y: 'gflop', fill: counted, r: 3 }),
            dot(timed, { x: 'at', y: 'gflop', stroke: measured, strokeWidth: 2, r: 4 }),
          ]
        : [
            ...keys,
            barX(points, { x: 'gflop', y: 'at', fill: counted }),
            dot(timed, { x: 'gflop', y: 'at', stroke: measured, strokeWidth: 2, r: 4 }),
            text(labelled, {
              x: 'end',
              y: 'at',
              text: ({ gflop }: Point) => gflop.toFixed(gflop < 10 ? 1 : 0),
              textAnchor: 'start',
              dx: 8,
            }),
          ],
    },
    `${title}: ${of}; ${points.map(({ at, gflop }) => `${at}: ${gflop.toFixed(1)} GFLOP`).join(', ')}`,
  )
  // The file stands alone, on a light or a dark page.
  return svg
    .replace(/^<svg (?!xmlns)/, '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replaceAll('currentColor', '#777')
    .replace('font-family:inherit', 'font-family:system-ui,sans-serif')
}
