import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { resolveSettings } from '../../src/core/train/settings.js'
import { identityOf, type UnitSpec } from '../../src/lab/units/unit.js'
import { writeUnit } from '../../src/lab/units/unit-files.js'
import { fingerprint } from '../../src/node/data/fingerprint.js'
import { openFolder } from '../../src/node/data/folder.js'
import { loadModel } from '../../src/node/model.js'

/** What a sweep is made of. */
export interface SweepOptions {
  /** Folder of images, see `photoFolder`. */
  readonly photos: string
  readonly seeds: readonly number[]
  readonly epochs?: number
}

/**
 * Writes unit folders below `out`: for each seed `train-<seed>`, which only trains, and `base-<seed>` and
 * `novel-<seed>`, which measure what it learned.
 *
 * @returns the folders: trainings first
 */
export async function writeSweep(
  out: string,
  { photos, seeds, epochs = 2 }: SweepOptions,
): Promise<{ trainings: string[]; evaluations: string[] }> {
  const dataset = await openFolder(photos)
  const model = await loadModel('tiny')
  const sha256 = await model.hash().finally(() => model.close())
  const data = { name: dataset.name, path: resolve(photos), fingerprint: await fingerprint(dataset) }
  const units = seeds.map((seed) => {
    const training: UnitSpec = {
      format: 2,
      label: 'ivlp',
      method: 'ivlp',
      model: { name: 'tiny', sha256 },
      data,
      skipBadImages: false,
      settings: {
        ...resolveSettings({ method: 'ivlp', seed, classes: 'base', shots: 3, batchSize: 1, epochs }),
      },
      measures: [],
    }
    const evaluations = (['base', 'novel'] as const).map((classes) => ({
      name: `${classes}-${seed}`,
      spec: {
        ...training,
        trained: { folder: `../train-${seed}`, identity: identityOf(training) },
        measures: [{ name: classes, data, classes }],
      } satisfies UnitSpec,
    }))
    return { training: { name: `train-${seed}`, spec: training }, evaluations }
  })
  const write = async ({ name, spec }: { name: string; spec: UnitSpec }) => {
    const folder = join(out, name)
    await mkdir(folder, { recursive: true })
    await writeUnit(folder, spec)
    return folder
  }
  return {
    trainings: await Promise.all(units.map(({ training }) => write(training))),
    evaluations: await Promise.all(units.flatMap(({ evaluations }) => evaluations.map(write))),
  }
}
