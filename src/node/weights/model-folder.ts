import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { WeightsError } from '../../core/errors.js'
import { runFiles } from '../../core/run/run-files.js'
import type { ConfigName } from '../../core/weights/configs.js'

/** Where the parts of a model lie. */
export interface ModelFiles {
  readonly weights: string
  /** Paths of the configuration files that are there, by name. */
  readonly configs: ReadonlyMap<ConfigName, string>
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
const configNames = [
  'config.json',
  'open_clip_config.json',
  'preprocessor_config.json',
] as const satisfies ConfigName[]
const weightExtension = /\.(safetensors|pt|pth|bin|ckpt)$/

/**
 * Finds the files of a model. In a folder, the weights are those of a usual name, or the only weight file. A weight
 * file that is named itself goes with the configuration and tokenizer of its folder.
 *
 * @param path a file or a folder
 * @throws WeightsError when there is no weight file, it is not clear which one is meant, or it is a run that is named
 */
export async function findModelFiles(path: string): Promise<ModelFiles> {
  const status = await stat(path).catch((cause) => {
    throw new WeightsError(`${path}: no such file or folder`, { cause })
  })
  return status.isDirectory() ? folderFiles(path) : folderFiles(dirname(path), path)
}

async function folderFiles(folder: string, weights?: string): Promise<ModelFiles> {
  const names = new Set(await readdir(folder))
  if (isRun(names) && (weights === undefined || basename(weights) === runFiles.prompts))
    throw await runAsModel(folder)
  const configs = configNames
    .filter((name) => names.has(name))
    .map((name) => [name, join(folder, name)] as const)
  const hasTokenizer = names.has('tokenizer.json') || (names.has('vocab.json') && names.has('merges.txt'))
  return {
    weights: weights ?? join(folder, pickWeights(names, folder)),
    configs: new Map(configs),
    ...(hasTokenizer && { tokenizerFolder: folder }),
  }
}

/** Whether names are those of what a run holds, and no model beside it. */
const isRun = (names: ReadonlySet<string>): boolean =>
  names.has(runFiles.config) &&
  (names.has(runFiles.log) || names.has(runFiles.prompts)) &&
  !weightNames.some((name) => names.has(name))

/** What to do with a run that was given for a model. */
async function runAsModel(folder: string): Promise<WeightsError> {
  const [{ readRunConfig }, { methods }] = await Promise.all([
    import('../runs/run-directory.js'),
    import('../../core/methods/registry.js'),
  ])
  const config = await readRunConfig(folder).catch(() => undefined)
  const method = methods[`${config?.settings.method}`]
  const out = `${basename(folder)}-clip`
  const error = (hint: string) =>
    new WeightsError(`${folder}: a run of ${method?.title ?? 'a method'}, not a CLIP model`, { hint })
  if (method && !method.plainClip)
    return error(`What it learned is used by naming the run: promptsrc predict ${folder}, eval, serve.`)
  return error(
    `Make a model of it, promptsrc export ${folder} --format clip --out ${out}, and name ${out}/huggingface (${out}/open_clip for a ResNet or EVA).`,
  )
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
