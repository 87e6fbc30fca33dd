import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import type { Datum } from '../src/core/data/dataset.js'
import { randomStream } from '../src/core/random.js'
import { drawnDataset } from '../src/node/world/drawn-sets.js'

/** What was done to a file, by its path. */
export interface Truth {
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

/**
 * Writes a drawn set into `into/<part>/<class>` with faults in it: copies in the other part, one label in ten wrong, pictures of
 * another set in train, poor and damaged ones.
 *
 * @returns what was done to every file, by its path below `into`
 */
export async function planted(set: string, draw: string, into: string): Promise<Map<string, Truth>> {
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
    const png = await picture.open().png().toBuffer()
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
    await write(path, await (await pictureOf(datum)).open().png().toBuffer(), {
      origin: datum.source,
      odd: true,
    })
  }
  return truths
}

/** A picture to work on, and its side in pixels. */
interface Picture {
  readonly side: number
  readonly open: () => Sharp
}

type Random = ReturnType<typeof randomStream>
async function pictureOf(datum: Datum): Promise<Picture> {
  const { width, height, data } = await datum.load()
  return { side: width, open: () => sharp(data, { raw: { width, height, channels: 3 } }) }
}

const copies: Record<
  NonNullable<Truth['copy']>,
  (picture: Picture, random: Random) => Promise<[Buffer, string]>
> = {
  exact: async ({ open }) => [await open().png({ compressionLevel: 1 }).toBuffer(), 'png'],
  're-encoded': async ({ open }, random) => {
    const quality = 40 + random.integer(50)
    return [await open().jpeg({ quality }).toBuffer(), 'jpg']
  },
  resized: async ({ open, side }, random) => {
    const scale = 0.5 + 1.5 * random.uniform()
    return [
      await open()
        .resize(Math.round(side * scale))
        .png()
        .toBuffer(),
      'png',
    ]
  },
  cropped: async ({ open, side }, random) => {
    const share = () => Math.round(side * (0.7 + 0.25 * random.uniform()))
    const [width, height] = [share(), share()]
    const [left, top] = [random.integer(side - width + 1), random.integer(side - height + 1)]
    return [await open().extract({ left, top, width, height }).jpeg({ quality: 85 }).toBuffer(), 'jpg']
  },
}

const spoiled: Record<NonNullable<Truth['poor']>, (picture: Picture, random: Random) => Promise<Buffer>> = {
  unreadable: async ({ open }) => (await open().png().toBuffer()).subarray(0, 300),
  tiny: ({ open }) => open().resize(12).png().toBuffer(),
  blurred: ({ open, side }, random) =>
    open()
      .blur(side * (0.03 + 0.03 * random.uniform()))
      .png()
      .toBuffer(),
  dark: ({ open }) => open().linear(0.12, 0).png().toBuffer(),
  overexposed: ({ open }) => open().linear(0.05, 243).png().toBuffer(),
}
