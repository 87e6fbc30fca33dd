import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fewShot } from '../src/core/data/few-shot.js'
import { fingerprint } from '../src/node/data/fingerprint.js'
import { ImageFolder } from '../src/node/data/image-folder.js'
import type { Listing } from '../src/node/data/listing.js'
import { listClassFolders } from '../src/node/datasets/class-folders.js'
import { datasetNamed } from '../src/node/datasets/registry.js'
import { peakMemoryMB } from '../src/node/runs/peak-memory.js'
import { median, timed, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// Time and peak memory of opening a data set of ImageNet's size from its index, in a process of its own, with a
// few-shot selection; medians of such processes. The 1,000 class folders are real, their 1.28 million names are made up and put
// into the index.
// Usage: npm run bench:index -- [--rounds 3] [--train 1281] [--test 50] [--json FILE]
// --train, --test: names a class, 20 at least, since the list of fewer is not kept. --root is for the processes that open.

const { rounds, train, test, root, json } = benchOptions({ rounds: 3, train: 1281, test: 50, root: String })
if (root) console.log(JSON.stringify(await openOnce(root)))
else await prepareAndMeasure()

/** What a process says of itself. */
interface Opened {
  readonly images: number
  readonly openSeconds: number
  readonly drawSeconds: number
  readonly peakMb: number
  readonly peakMbBefore: number
}

async function prepareAndMeasure(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'promptsrc-imagenet-'))
  try {
    const names = Array.from({ length: 1000 }, (_, i) => `n${String(1440764 + i * 13_337).padStart(8, '0')}`)
    await mkdir(join(root, 'imagenet'), { recursive: true })
    await writeFile(
      join(root, 'imagenet/classnames.txt'),
      names.map((name) => `${name} class ${name}\n`).join(''),
    )
    const { seconds: indexSeconds } = await timed(async () => {
      await simulate(root, names, 'train', train)
      await simulate(root, names, 'val', test)
    })
    const processes = Array.from({ length: rounds }, () => openedIn(root))
    const of = (figure: keyof Opened) => median(processes.map((each) => each[figure]))
    console.log(`${machineLine(1)}; medians of ${rounds} processes`)
    console.log(`names made, index written  ${indexSeconds.toFixed(2)} s`)
    console.log(`opened, ${of('images')} images  ${of('openSeconds').toFixed(2)} s`)
    console.log(`16 shots drawn             ${of('drawSeconds').toFixed(2)} s`)
    console.log(
      `peak memory                ${of('peakMb').toFixed(0)} MB (${of('peakMbBefore').toFixed(0)} MB before opening)`,
    )
    writeFigures(json, { train, test, indexSeconds, rounds: processes }, 1)
  } finally {
    await rm(root, { recursive: true })
  }
}

function openedIn(root: string): Opened {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), '--root', root]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Opened
}

/** Class folders on disk, and an index that says that they hold images. */
async function simulate(root: string, names: readonly string[], part: string, images: number): Promise<void> {
  const folder = join(root, 'imagenet/images', part)
  const longAgo = new Date('2020-01-01T00:00:00Z')
  for (const name of names) {
    await mkdir(join(folder, name), { recursive: true })
    await utimes(join(folder, name), longAgo, longAgo)
  }
  const reader = async (path: string): Promise<Listing> => {
    if (path === folder) return { folders: names, images: [], others: [] }
    const listed = Array.from({ length: images }, (_, i) => `${basename(path)}_${i * 7 + 10_000}.JPEG`)
    return { folders: [], images: listed, others: [] }
  }
  await listClassFolders(new ImageFolder(folder), { reader, indexFolder: join(root, 'index') })
}

async function openOnce(root: string): Promise<Opened> {
  const peakMbBefore = peakMemoryMB()
  const { seconds: openSeconds, result: dataset } = await timed(() =>
    datasetNamed('ImageNet').open({ root, indexFolder: join(root, 'index') }),
  )
  const { seconds: drawSeconds } = await timed(async () => fewShot(dataset, 16, 1))
  await fingerprint(dataset)
  const images = dataset.train.length + dataset.test.length
  return { images, openSeconds, drawSeconds, peakMb: peakMemoryMB(), peakMbBefore }
}
