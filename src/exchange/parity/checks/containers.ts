import { copyFile, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clip } from '../../../core/clip/clip.js'
import type { HostTensor } from '../../../core/graph/index.js'
import type { Runtime } from '../../../core/runtime/session.js'
import { compareRelative, type Deviation, judged, type Outcome, skipped } from '../deviation.js'
import { imageFeatures, logitsOf, textFeatures, tokenRows } from '../features.js'
import { withClip } from '../golden-clip.js'
import { readJson, readTensors, unpackInto, withTemporaryFolder } from '../golden-files.js'
import type { Check } from './check.js'

/** What two float32 implementations may differ by, in units of the largest entry. */
const TOLERANCE = 2e-5
const weightFile = /\.(pt|bin|safetensors)\.gz$/

/** Every kind of weight file gives the features and logits of its model. */
export const containersCheck: Check = {
  name: 'containers',
  path: 'containers/containers.json',
  async *run({ root, runtime }) {
    const folder = join(root, 'containers')
    const models = await readJson<Record<string, { texts: string[] }>>(join(root, this.path))
    const files = (await readdir(folder, { recursive: true })).sort()
    const containers = files.filter((file) => weightFile.test(file) && !/^expected_/.test(basename(file)))
    for (const [model, { texts }] of Object.entries(models)) {
      if (!files.includes(`expected_${model}.safetensors.gz`)) {
        yield skipped(`containers/${model}`, 'not present')
        continue
      }
      const expected = await readTensors(join(folder, `expected_${model}.safetensors.gz`))
      const own = containers.filter((file) => modelOf(file, Object.keys(models)) === model)
      if (own.length === 0) yield skipped(`containers/${model}`, 'not present')
      for (const file of own)
        yield await checkContainer(join(folder, file), file, { texts, expected, runtime })
    }
    for (const file of containers.filter((name) => modelOf(name, Object.keys(models)) === undefined)) {
      yield skipped(`containers/${file}`, 'belongs to no model of containers.json')
    }
  },
}

interface Reference {
  readonly texts: readonly string[]
  readonly expected: ReadonlyMap<string, HostTensor>
  readonly runtime: Runtime
}

/** The model whose name is part of a container's path; of several the longest. */
function modelOf(file: string, models: readonly string[]): string | undefined {
  const parts = file.split(/[/\\_.]/)
  return models.filter((model) => parts.includes(model)).sort((a, b) => b.length - a.length)[0]
}

/** Opens a container the way a user would: the file alone, or the folder it lies in with its configuration. */
function checkContainer(path: string, file: string, reference: Reference): Promise<Outcome> {
  return withTemporaryFolder(async (folder) => {
    const unpacked = await unpackInto(folder, path)
    const inFolder = dirname(file) !== '.'
    if (inFolder) {
      const beside = await readdir(dirname(path))
      for (const name of beside.filter((name) => name.endsWith('.json'))) {
        await copyFile(join(dirname(path), name), join(folder, name))
      }
    }
    const comparisons = await withClip(inFolder ? folder : unpacked, (clip) => compareClip(clip, reference))
    return judged(`containers/${file.replace(/\.gz$/, '')}`, comparisons)
  })
}

async function compareClip(clip: Clip, { texts, expected, runtime }: Reference): Promise<Deviation[]> {
  const text = await textFeatures(clip, runtime, texts)
  const image = await imageFeatures(clip, runtime, expected.get('images')!)
  const logits = await logitsOf(clip, runtime, text, image)
  return [
    compareRelative('tokens', tokenRows(clip, texts), expected.get('tokens')!, 0),
    compareRelative('text_features', text, expected.get('text_features')!, TOLERANCE),
    compareRelative('image_features', image, expected.get('image_features')!, TOLERANCE),
    compareRelative('logits_per_image', logits, expected.get('logits_per_image')!, TOLERANCE),
  ]
}
