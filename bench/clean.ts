import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { examine } from '../src/core/curate/examine.js'
import { type Examination, findingsOf } from '../src/core/curate/findings.js'
import { lookAt } from '../src/node/clean/look.js'
import { loadModel } from '../src/node/model.js'
import { openDataset } from '../src/node/open-dataset.js'
import { peakMemoryMB } from '../src/node/runs/peak-memory.js'
import { table, writeFigures } from './figures.js'
import { FindingScores } from './finding-scores.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'
import { planted } from './planted-faults.js'

// What `clean` finds of faults that were planted into drawn sets, written as files: copies (the same pixels, re-encoded,
// resized, cropped) in the other part, one label in ten wrong, pictures of another set, poor and damaged ones. Settings were
// chosen on draw 201 of emoji-food and emoji-animals. With --pictures, the time that so many pictures take instead.
// Usage: npm run bench:clean -- [--sets emoji-food,emoji-animals] [--draws 301,302,303] [--pictures 10000] [--threads 1]
// [--json FILE]

const { threads, json, pictures, ...options } = benchOptions({
  sets: 'emoji-food,emoji-animals',
  draws: '301,302,303',
  pictures: Number,
  threads: 1,
})
const [draws, sets] = [options.draws.split(','), options.sets.split(',')]
process.env.PROMPTSRC_CACHE = 'off'
const folder = mkdtempSync(join(tmpdir(), 'bench-clean-'))
const model = await loadModel('emoji', { threads })

async function examined(from: string): Promise<{ found: Examination; seconds: Record<string, number> }> {
  const start = performance.now()
  const data = await openDataset(from)
  const { pictures, features } = await lookAt(data, model, { nameOf: ({ source }) => relative(from, source) })
  const looked = performance.now()
  let compared = looked
  const found = await examine({
    name: data.name,
    classNames: data.classNames,
    pictures,
    features,
    runtime: model.runtime,
    resolution: model.clip.resolution,
    onProgress(step) {
      if (step === 'comparing pictures') compared = performance.now()
    },
  })
  const ended = performance.now()
  const seconds = { looking: looked - start, comparing: compared - looked, judging: ended - compared }
  return {
    found,
    seconds: Object.fromEntries(
      Object.entries(seconds).map(([step, ms]) => [step, Math.round(ms / 100) / 10]),
    ),
  }
}

/** Finds what was planted into every draw of every set. */
async function judgeDraws(): Promise<void> {
  const scores = new FindingScores()
  const examinations: object[] = []
  for (const set of sets) {
    for (const draw of draws) {
      const into = join(folder, `${set}-${draw}`)
      const truths = await planted(set, draw, into)
      const { found, seconds } = await examined(into)
      scores.judge(found, truths)
      examinations.push({ set, draw, pictures: truths.size, seconds })
      console.error(set, draw, truths.size, JSON.stringify(seconds))
      rmSync(into, { recursive: true })
    }
  }
  const percent = (part: number, of: number) => (of === 0 ? '-' : `${((100 * part) / of).toFixed(1)} %`)
  const rows = [...scores.kinds].map(([kind, { right, found, hit, planted }]) => {
    return [kind, percent(right, found), percent(hit, planted), `${planted}`]
  })
  console.log(`${machineLine(threads)}\n`)
  console.log(table(['planted', 'precision', 'recall', 'planted pictures'], rows))
  writeFigures(json, { examinations, scores: Object.fromEntries(scores.kinds) }, threads)
}

/** Examines so many pictures at once, of as many draws as have them. */
async function timeMany(wanted: number): Promise<void> {
  const into = join(folder, 'many')
  let count = 0
  for (let draw = Number(draws[0]); count < wanted; draw++) {
    for (const set of sets) if (count < wanted) count += (await planted(set, `${draw}`, into)).size
  }
  const { found, seconds } = await examined(into)
  const { user, system } = process.cpuUsage()
  const [processorSeconds, peakMb] = [(user + system) / 1e6, peakMemoryMB()]
  const { length: classes } = found.classNames
  const findings = findingsOf(found).length
  console.log(machineLine(threads))
  console.log(`${found.pictures.length} pictures, ${classes} classes, ${findings} findings`)
  for (const [step, each] of Object.entries(seconds)) console.log(`${step.padEnd(10)} ${each} s`)
  console.log(
    `of processors ${processorSeconds.toFixed(0)} s, the drawing of pictures included; peak ${peakMb.toFixed(0)} MB`,
  )
  const about = { pictures: found.pictures.length, classes, findings }
  writeFigures(json, { ...about, seconds, processorSeconds, peakMb }, threads)
}

try {
  await (pictures === undefined ? judgeDraws() : timeMany(pictures))
} finally {
  rmSync(folder, { recursive: true, force: true })
  await model.close()
}
