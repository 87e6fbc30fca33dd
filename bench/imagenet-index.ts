import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fewShot } from '../src/core/data/few-shot.js'
import { fingerprint } from '../src/node/data/fingerprint.js'
import { ImageFolder } from '../src/node/data/image-folder.js'
import type { Listing } from '../src/node/data/listing.js'
import { listClassFolders } from '../src/node/datasets/class-folders.js'
import { datasetNamed } from '../src/node/datasets/registry.js'
import { peakMemoryMB } from '../src/node/runs/peak-memory.js'

// Time and peak memory of opening a data set of ImageNet's size from its index, in a process of its own, with a
// few-shot selection. The 1,000 class folders are real, their 1.28 million names are made up and put into the index.
// Usage: npm run bench:index

const { values } = parseArgs({ options: { root: { type: 'string' } } })
if (values.root) await openOnce(values.root)
else await prepareAndMeasure()

async function prepareAndMeasure(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'promptsrc-imagenet-'))
  try {
    const names = Array.from({ length: 1000 }, (_, i) => `n${String(1440764 + i * 13_337).padStart(8, '0')}`)
    await mkdir(join(root, 'imagenet'), { recursive: true })
    await writeFile(
      join(root, 'imagenet/classnames.txt'),
      names.map((name) => `${name} class ${name}\n`).join(''),
    )
    const began = performance.now()
    const count = (await simulate(root, names, 'train', 1281)) + (await simulate(root, names, 'val', 50))
    print('names made, index written', `${count} images`, began)
    for (let run = 1; run <= 3; run++) {
      const script = fileURLToPath(import.meta.url)
      spawnSync(process.execPath, [...process.execArgv, script, '--root', root], { stdio: 'inherit' })
    }
  } finally {
    await rm(root, { recursive: true })
  }
}

/** Class folders on disk, and an index that says that they hold images. */
async function simulate(
  root: string,
  names: readonly string[],
  part: string,
  images: number,
): Promise<number> {
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
  return names.length * images
}

async function openOnce(root: string): Promise<void> {
  const before = peakMemoryMB()
  const began = performance.now()
  const dataset = await datasetNamed('ImageNet').open({ root, indexFolder: join(root, 'index') })
  print('opened', `${dataset.train.length} + ${dataset.test.length} images`, began)
  const drawing = performance.now()
  const drawn = fewShot(dataset, 16, 1)
  print('16 shots drawn', `${drawn.train.length} images`, drawing)
  await fingerprint(dataset)
  console.log(`peak memory ${peakMemoryMB().toFixed(0)} MB (${before.toFixed(0)} MB before opening)`)
}

function print(what: string, which: string, began: number): void {
  console.log(`${what}: ${which}, ${((performance.now() - began) / 1000).toFixed(2)} s`)
}
