import { readFile } from 'node:fs/promises'
import { WeightsError } from '../../core/errors.js'
import { weightNames } from '../weights/model-folder.js'

/** The files of a repository, wherever they are. */
export interface RepositoryFiles {
  /** For messages: `org/name`. */
  readonly repository: string
  /** Names of the files at the top level. */
  readonly names: ReadonlySet<string>
  /** Makes a file local and gives its path. */
  fetch(name: string): Promise<string>
}

const companions = [
  'config.json',
  'preprocessor_config.json',
  'open_clip_config.json',
  'tokenizer.json',
  'vocab.json',
  'merges.txt',
]

/**
 * Fetches what a CLIP model consists of, and nothing else: configurations, tokenizer and one form of the weights. The
 * small files come first, so that a model of another kind is refused before its weights are transferred.
 *
 * @returns path of the weight file, or of the index if the weights are in several files
 * @throws WeightsError when the repository holds no CLIP model
 */
export async function fetchClipFiles(files: RepositoryFiles): Promise<string> {
  const paths = new Map<string, string>()
  for (const name of companions) {
    if (files.names.has(name)) paths.set(name, await files.fetch(name))
  }
  const weights = chooseWeights(files, await modelType(paths.get('config.json')))
  const path = await files.fetch(weights)
  if (weights.endsWith('.index.json')) {
    for (const shard of await shardNames(path, files)) await files.fetch(shard)
  }
  return path
}

function chooseWeights({ repository, names }: RepositoryFiles, type: string | undefined): string {
  const hasOpenClip = names.has('open_clip_config.json')
  if (type !== undefined && type !== 'clip' && !hasOpenClip) {
    throw new WeightsError(`${repository} is no CLIP model: model_type in its config.json is "${type}"`)
  }
  // Beside open_clip's files, model.safetensors may belong to yet another library.
  const usual = weightNames.filter((name) => type === 'clip' || !hasOpenClip || name.startsWith('open_clip'))
  const found = usual.find((name) => names.has(name))
  if (found) return found
  throw new WeightsError(`${repository} holds no weights, expected one of ${usual.join(', ')}`)
}

async function modelType(config: string | undefined): Promise<string | undefined> {
  const type = config === undefined ? undefined : (await readJson(config))?.model_type
  return typeof type === 'string' ? type : undefined
}

/** Names of the files that an index refers to. They become paths, so only names that the repository lists count. */
async function shardNames(index: string, { repository, names }: RepositoryFiles): Promise<string[]> {
  const map = (await readJson(index))?.weight_map
  if (typeof map !== 'object' || map === null) {
    throw new WeightsError(`${index}: has no "weight_map", expected an index of weight files`)
  }
  const shards = [...new Set(Object.values(map))]
  for (const shard of shards) {
    if (typeof shard !== 'string' || !names.has(shard)) {
      throw new WeightsError(`${repository} lacks ${JSON.stringify(shard)}, which its index names`)
    }
  }
  return shards as string[]
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new WeightsError(`${path}: is not valid JSON`, { cause })
  }
}
