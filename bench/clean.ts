import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import sharp, { type Sharp } from 'sharp'
import { examine } from '../src/core/curate/examine.js'
import { type Examination, findingsOf } from '../src/core/curate/findings.js'
import type { Datum } from '../src/core/data/dataset.js'
import { randomStream } from '../src/core/random.js'
import { lookAt } from '../src/node/clean/look.js'
import { loadModel } from '../src/node/model.js'
import { openDataset } from '../src/node/open-dataset.js'
import { drawnDataset } from '../src/node/world/drawn-sets.js'

// What `clean` finds of faults that were planted into drawn sets, written as files: copies (the same pixels, re-encoded,
// resized, cropped) in the other part, one label in ten wrong, pictures of another set, poor and damaged ones. Settings were
// chosen on draw 201 of emoji-food and emoji-animals. With --pictures, the time that so many pictures take instead.
// Usage: npm run bench:clean [-- --sets emoji-food,emoji-animals --draws 301,302,303 --pictures 10000 --threads 1]

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: 'emoji-food,emoji-animals' },
    draws: { type: 'string', default: '301,302,303' },
    pictures: { type: 'string' },
    threads: { type: 'string', default: '1' },
  },
})
process.env.PROMPTSRC_CACHE = 'off'
const folder = mkdtempSync(join(tmpdir(), 'bench-clean-'))
const model = await loadModel('emoji', { threads: Number(values.threads) })

/** What was done to a file, by its path. */
interface Truth {
  /** Equal for copies of one picture. */
  readonly origin: string
  readonly copy?: 'exact' | 're-encoded' | 'resized' | 'cropped'
  readonly wrong?: { readonly right: string }
  readonly odd?: boolean
  readonly poor?: 'unreadable' | 'tiny' | 'blurred' | 'dark' | 'overexposed'
}

const COPIES = 40
const ODD = 24
const POOR = 12

async function planted(set: string, draw: string, into: string): Promise<Map<string, Truth>> {
  const data = drawnDataset(`${set}@${draw}`)
  const random = randomStream(Number(draw), 'faults')
  const truths = new Map<string, Truth>()
  const folderOf = (label: number) => data.classNames[label]!.replaceAll(' ', '_')
  const write = async (path: string, bytes: Uint8Array, truth: Truth) => {
    mkdirSync(dirname(join(into, path)), { recursive: true })
    writeFileSync(join(into, path), bytes)
    truths.set(path, truth)
  }
  const all = (['train', 'test'] as const).flatMap((part) => data[part].map((datum) => ({ part, datum })))
  const order = random.shuffle([...all.keys()])
  const take = (count: number) => new Set(order.splice(0, count))
  const wrong = take(Math.round(all.length / 10))
  const copied = {
    exact: take(COPIES),
    're-encoded': take(COPIES),
    resized: take(COPIES),
    cropped: take(COPIES),
  }
  const poor = {
    unreadable: take(POOR),
    tiny: take(POOR),
    blurred: take(POOR),
    dark: take(POOR),
    overexposed: take(POOR),
  }
  for (const [i, { part, datum }] of all.entries()) {
    const origin = `${set} ${draw} ${i}`
    const name = `${set}-${draw}-${i}`
    const right = folderOf(datum.label)
    const picture = await pictureOf(datum)
    const faulty = Object.entries(poor).find(([, own]) => own.has(i))?.[0] as keyof typeof poor | undefined
    if (faulty) {
      await write(`${part}/${right}/${name}.png`, await spoiled[faulty](picture, random), {
        origin,
        poor: faulty,
      })
      continue
    }
    const other = (datum.label + 1 + random.integer(data.classNames.length - 1)) % data.classNames.length
    const given = wrong.has(i) ? folderOf(other) : right
    const png = await picture().png().toBuffer()
    await write(`${part}/${given}/${name}.png`, png, {
      origin,
      ...(wrong.has(i) ? { wrong: { right } } : {}),
    })
    const copy = Object.entries(copied).find(([, own]) => own.has(i))?.[0] as keyof typeof copied | undefined
    if (!copy) continue
    const [bytes, ending] = await copies[copy](picture, random)
    const elsewhere = part === 'train' ? 'test' : 'train'
    await write(`${elsewhere}/${right}/${name}-${copy}.${ending}`, bytes, { origin, copy })
  }
  const others = drawnDataset(`emoji-transport@${draw}`).test
  for (let i = 0; i < ODD; i++) {
    const datum = others[random.integer(others.length)]!
    const path = `train/${folderOf(random.integer(data.classNames.length))}/odd-${draw}-${i}.png`
    await write(path, await (await pictureOf(datum))().png().toBuffer(), { origin: datum.source, odd: true })
  }
  return truths
}

type Picture = () => Sharp
type Random = ReturnType<typeof randomStream>
let side = 0

async function pictureOf(datum: Datum): Promise<Picture> {
  const { width, height, data } = await datum.load()
  side = width
  return () => sharp(data, { raw: { width, height, channels: 3 } })
}

const copies: Record<
  NonNullable<Truth['copy']>,
  (picture: Picture, random: Random) => Promise<[Buffer, string]>
> = {
  exact: async (picture) => [await picture().png({ compressionLevel: 1 }).toBuffer(), 'png'],
  're-encoded': async (picture, random) => [
    await picture()
      .jpeg({ quality: 40 + random.integer(50) })
      .toBuffer(),
    'jpg',
  ],
  resized: async (picture, random) => {
    const scale = 0.5 + 1.5 * random.uniform()
    return [
      await picture()
        .resize(Math.round(side * scale))
        .png()
        .toBuffer(),
      'png',
    ]
  },
  cropped: async (picture, random) => {
    const [width, height] = [0, 1].map(() => Math.round(side * (0.7 + 0.25 * random.uniform()))) as [
      number,
      number,
    ]
    const [left, top] = [random.integer(side - width + 1), random.integer(side - height + 1)]
    return [await picture().extract({ left, top, width, height }).jpeg({ quality: 85 }).toBuffer(), 'jpg']
  },
}

const spoiled: Record<NonNullable<Truth['poor']>, (picture: Picture, random: Random) => Promise<Buffer>> = {
  unreadable: async (picture) => (await picture().png().toBuffer()).subarray(0, 300),
  tiny: (picture) => picture().resize(12).png().toBuffer(),
  blurred: (picture, random) =>
    picture()
      .blur(side * (0.03 + 0.03 * random.uniform()))
      .png()
      .toBuffer(),
  dark: (picture) => picture().linear(0.12, 0).png().toBuffer(),
  overexposed: (picture) => picture().linear(0.05, 243).png().toBuffer(),
}

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

/** Right ones among those found, and found ones among those planted. */
interface Score {
  right: number
  found: number
  hit: number
  planted: number
}
const scores = new Map<string, Score>()
function score(kind: string, { right, found, hit, planted }: Score): void {
  const sum = scores.get(kind) ?? { right: 0, found: 0, hit: 0, planted: 0 }
  scores.set(kind, {
    right: sum.right + right,
    found: sum.found + found,
    hit: sum.hit + hit,
    planted: sum.planted + planted,
  })
}

function judge(found: Examination, truths: ReadonlyMap<string, Truth>): void {
  const truth = (i: number) => truths.get(found.pictures[i]!.name)!
  const places = [...found.pictures.keys()]
  const inGroup = new Map(found.groups.flatMap(({ images }) => images.map((i) => [i, images] as const)))
  const isRight = (i: number) => inGroup.get(i)!.some((j) => j !== i && truth(j).origin === truth(i).origin)
  const near = found.groups.filter(({ exact }) => !exact).flatMap(({ images }) => images)
  const exact = found.groups.filter((group) => group.exact).flatMap(({ images }) => images)
  for (const kind of ['exact', 're-encoded', 'resized', 'cropped'] as const) {
    const planted = places.filter((i) => truth(i).copy === kind)
    const hit = planted.filter((i) => inGroup.has(i) && isRight(i)).length
    const own = kind === 'exact' ? exact : near
    score(`copies: ${kind}`, {
      right: own.filter(isRight).length,
      found: own.length,
      hit,
      planted: planted.length,
    })
  }
  const wrong = places.filter((i) => truth(i).wrong)
  const sure = new Set(
    findingsOf(found)
      .filter(({ problems }) => problems.some((each) => each.kind === 'label' && each.sure))
      .map(({ picture }) => picture),
  )
  for (const [name, own] of [
    ['labels: probably wrong', sure],
    ['labels: all doubted', new Set(found.doubts.map(({ index }) => index))],
  ] as const) {
    // A picture of none of the classes has a wrong label wherever it stands: it counts for neither side.
    const doubts = found.doubts.filter(({ index }) => own.has(index) && !truth(index).odd)
    const right = doubts.filter(({ index }) => truth(index).wrong)
    score(name, { right: right.length, found: doubts.length, hit: right.length, planted: wrong.length })
    const corrected = right.filter(
      ({ index, likely }) => found.classNames[likely]!.replaceAll(' ', '_') === truth(index).wrong!.right,
    )
    score(`${name}, right class named`, {
      right: corrected.length,
      found: right.length,
      hit: corrected.length,
      planted: wrong.length,
    })
  }
  const odd = places.filter((i) => truth(i).odd)
  const doubted = new Set(found.doubts.map(({ index }) => index))
  const unlike = new Set(found.unlike.map(({ index }) => index))
  score('pictures of none of the classes, unlike', {
    right: [...unlike].filter((i) => truth(i).odd).length,
    found: unlike.size,
    hit: odd.filter((i) => unlike.has(i)).length,
    planted: odd.length,
  })
  score('pictures of none of the classes, unlike or doubted', {
    right: odd.filter((i) => unlike.has(i) || doubted.has(i)).length,
    found: new Set([...unlike, ...doubted].filter((i) => !truth(i).wrong)).size,
    hit: odd.filter((i) => unlike.has(i) || doubted.has(i)).length,
    planted: odd.length,
  })
  for (const kind of ['unreadable', 'tiny', 'blurred', 'dark', 'overexposed'] as const) {
    const flagged =
      kind === 'unreadable'
        ? places.filter((i) => found.pictures[i]!.problem !== undefined)
        : found.poor.filter((each) => each.kind === kind).map(({ index }) => index)
    const right = flagged.filter((i) => truth(i).poor === kind).length
    score(kind, {
      right,
      found: flagged.length,
      hit: right,
      planted: places.filter((i) => truth(i).poor === kind).length,
    })
  }
}

try {
  const draws = values.draws.split(',')
  const sets = values.sets.split(',')
  if (values.pictures === undefined) {
    for (const set of sets) {
      for (const draw of draws) {
        const into = join(folder, `${set}-${draw}`)
        const truths = await planted(set, draw, into)
        const { found, seconds } = await examined(into)
        judge(found, truths)
        console.error(set, draw, truths.size, JSON.stringify(seconds))
        rmSync(into, { recursive: true })
      }
    }
    console.log('| planted | precision | recall | planted pictures |\n| --- | ---: | ---: | ---: |')
    const percent = (part: number, of: number) => (of === 0 ? '-' : `${((100 * part) / of).toFixed(1)} %`)
    for (const [kind, { right, found, hit, planted }] of scores) {
      console.log(`| ${kind} | ${percent(right, found)} | ${percent(hit, planted)} | ${planted} |`)
    }
  } else {
    const into = join(folder, 'many')
    const wanted = Number(values.pictures)
    let count = 0
    for (let draw = Number(draws[0]); count < wanted; draw++) {
      for (const set of sets) if (count < wanted) count += (await planted(set, `${draw}`, into)).size
    }
    const { found, seconds } = await examined(into)
    const peakMB = Math.round(process.resourceUsage().maxRSS / 1000)
    console.log(
      JSON.stringify({
        pictures: found.pictures.length,
        classes: found.classNames.length,
        findings: findingsOf(found).length,
        seconds,
        cpuSeconds: process.cpuUsage().user / 1e6,
        peakMB,
        load: loadavg()[0],
      }),
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
  await model.close()
}
