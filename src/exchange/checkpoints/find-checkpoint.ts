import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { WeightsError } from '../../core/errors.js'
import { learnerFolders } from './learners.js'

const BEST = 'model-best.pth.tar'
const EPOCH = /^model\.pth\.tar-(\d+)$/

/**
 * The checkpoint file that is meant by a path: the file itself; or in a folder of checkpoints, or in an output folder
 * with one such folder, the given epoch's, else the best one, else the newest.
 *
 * @throws WeightsError when there is none, naming the epochs there are
 */
export async function findCheckpoint(path: string, epoch?: number): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (!found)
    throw new WeightsError(`no checkpoint at ${path}`, {
      hint: 'Name a file model.pth.tar-N, or the folder it is in.',
    })
  if (!found.isDirectory()) return path
  const folder = await checkpointFolder(path)
  const files = await readdir(folder)
  const epochs = files.flatMap((file) => EPOCH.exec(file)?.[1] ?? []).map(Number)
  if (epoch !== undefined) {
    if (epochs.includes(epoch)) return join(folder, `model.pth.tar-${epoch}`)
    throw new WeightsError(`${folder} has no checkpoint of epoch ${epoch}`, {
      hint: epochs.length > 0 ? `There is epoch ${epochs.sort((a, b) => a - b).join(', ')}.` : 'It has none.',
    })
  }
  if (files.includes(BEST)) return join(folder, BEST)
  if (epochs.length > 0) return join(folder, `model.pth.tar-${Math.max(...epochs)}`)
  throw new WeightsError(`${folder} holds no checkpoint`, {
    hint: `Name a folder with ${BEST} or model.pth.tar-N files.`,
  })
}

async function checkpointFolder(path: string): Promise<string> {
  const folders = learnerFolders()
  const inside = (await readdir(path)).filter((name) => folders.includes(name))
  if (inside.length > 1) {
    throw new WeightsError(`${path} holds checkpoints of several models: ${inside.join(', ')}`, {
      hint: 'Name one of these folders.',
    })
  }
  return inside.length === 1 ? join(path, inside[0]!) : path
}
