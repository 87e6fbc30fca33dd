import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { WeightsError } from '../../core/errors.js'

/** Where the parts of a model lie. */
export interface ModelFiles {
  readonly weights: string
  /** A Hugging Face `config.json`, if there is one. */
  readonly huggingFaceConfig?: string
  /** An `open_clip_config.json`, if there is one. */
  readonly openClipConfig?: string
  /** The folder, if it holds the files of a tokenizer. */
  readonly tokenizerFolder?: string
}

/** Names that the two libraries give their weights, in order of preference. */
export const weightNames: readonly string[] = [
  'model.safetensors',
  'model.safetensors.index.json',
  'open_clip_model.safetensors',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'open_clip_pytorch_model.bin',
]
const weightExtension = /\.(safetensors|pt|pth|bin|ckpt)$/

/**
 * Finds the files of a model. In a folder, the weights are those of a usual name, or the only weight file. Beside a
 * weight file of a usual name, configuration and tokenizer count too; beside any other they may belong to something
 * else.
 *
 * @param path a file or a folder
 * @throws WeightsError when there is no weight file or it is not clear which one is meant
 */
export async function findModelFiles(path: string): Promise<ModelFiles> {
  const status = await stat(path).catch((cause) => {
    throw new WeightsError(`${path}: no such file or folder`, { cause })
  })
  if (!status.isDirectory()) {
    return weightNames.includes(basename(path)) ? folderFiles(dirname(path), path) : { weights: path }
  }
  return folderFiles(path)
}

async function folderFiles(folder: string, weights?: string): Promise<ModelFiles> {
  const names = new Set(await readdir(folder))
  const optional = (name: string) => (names.has(name) ? join(folder, name) : undefined)
  const huggingFaceConfig = optional('config.json')
  const openClipConfig = optional('open_clip_config.json')
  const hasTokenizer = names.has('tokenizer.json') || (names.has('vocab.json') && names.has('merges.txt'))
  return {
    weights: weights ?? join(folder, pickWeights(names, folder)),
    ...(huggingFaceConfig && { huggingFaceConfig }),
    ...(openClipConfig && { openClipConfig }),
    ...(hasTokenizer && { tokenizerFolder: folder }),
  }
}

function pickWeights(names: ReadonlySet<string>, folder: string): string {
  const usual = weightNames.find((name) => names.has(name))
  if (usual) return usual
  const candidates = [...names].filter((name) => weightExtension.test(name)).sort()
  if (candidates.length === 1) return candidates[0]!
  throw candidates.length === 0
    ? new WeightsError(`${folder}: holds no weight file, expected one of ${weightNames.join(', ')}`)
    : new WeightsError(
        `${folder}: holds ${candidates.length} weight files (${candidates.slice(0, 5).join(', ')})`,
        {
          hint: 'Name the file itself.',
        },
      )
}
