import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../../core/errors.js'
import { nearestNames } from '../../core/suggest.js'
import { wellKnownRepositories } from './hub-errors.js'
import { type FetchOptions, huggingFaceModel } from './huggingface.js'
import { openClipNames, openClipRepository } from './open-clip-names.js'
import { openAiModelFile } from './openai.js'
import { findOpenAiModel, openAiModels } from './openai-models.js'
import { type HubSettings, hubSettings } from './settings.js'

export type { DownloadProgress } from './download.js'

/** Options of {@link resolveModel}. */
export interface ResolveOptions extends FetchOptions {
  /** Where downloads are kept, in place of the usual caches. */
  readonly cacheDir?: string
}

/** A model on this machine. */
export interface ResolvedModel {
  readonly kind: 'embedded' | 'local' | 'openai' | 'huggingface'
  /** File or folder for `openClip`. */
  readonly path: string
  /** The usual spelling of its name, or the path as given. */
  readonly name: string
  /** The commit of a Hub repository. */
  readonly revision?: string
}

/**
 * Finds a model by what the user calls it, and downloads it if need be: `tiny` or `emoji` (inside this package), a local file or
 * folder, an OpenAI name (`ViT-B/16`, `ViT-B-16`, `RN50`), a name of open_clip (`EVA02-B-16`), or `org/name[@revision]` on the Hugging Face Hub; looked
 * up in this order. docs/models.md has the details.
 *
 * @throws ConfigError for a name that is none of these, UserError when a download fails
 */
export async function resolveModel(spec: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  if (embedded.includes(spec)) {
    return {
      kind: 'embedded',
      name: spec,
      path: fileURLToPath(new URL(`../../../assets/${spec}`, import.meta.url)),
    }
  }
  if (await exists(spec)) return { kind: 'local', name: spec, path: spec }
  const openAi = findOpenAiModel(spec)
  const repository = openAi ? undefined : repositoryOf(spec)
  const settings: HubSettings = await hubSettings(process.env, options.cacheDir)
  if (openAi) {
    const path = await openAiModelFile(openAi, settings, options)
    return { kind: 'openai', name: openAi.name, path }
  }
  const { name, revision } = repository!
  const { path, commit } = await huggingFaceModel(name, revision, settings, options)
  return { kind: 'huggingface', name, path, revision: commit }
}

/**
 * Refuses to download what a file names that may come from others: a run must not decide what this machine asks the Hub for,
 * with the user's token. Repositories that many use, and what is in the cache already, are no matter.
 *
 * @param file where the name stands, for the message
 * @throws ConfigError with the option that allows it
 */
export async function refuseForeignRepository(file: string, spec: string): Promise<void> {
  if (embedded.includes(spec) || (await exists(spec)) || findOpenAiModel(spec)) return
  if (openClipRepository(spec)) return
  const repository = repositoryPattern.exec(spec)?.groups
  if (!repository || wellKnownRepositories.includes(spec)) return
  const { name, revision = 'main' } = repository as { name: string; revision?: string }
  const settings = { ...(await hubSettings(process.env)), offline: true }
  const kept = await huggingFaceModel(name, revision, settings).catch(() => undefined)
  if (kept) return
  throw new ConfigError(
    `${file} names the model ${spec} of the Hugging Face Hub, which is not on this machine`,
    {
      hint: `Runs do not decide what is downloaded. If you trust it, say --model ${spec}.`,
    },
  )
}

/**
 * The repository of the Hub that a name means which is neither embedded, a path nor one of OpenAI's.
 *
 * @throws ConfigError where it means none
 */
export function repositoryOf(spec: string): { name: string; revision: string } {
  const named = openClipRepository(spec)
  if (named) return { name: named, revision: 'main' }
  const isOther = filePattern.test(spec) || isNearlyOpenAi(spec)
  const found = isOther ? undefined : repositoryPattern.exec(spec)?.groups
  if (!found) throw unknownModel(spec)
  return { name: found.name!, revision: found.revision ?? 'main' }
}

/** Models inside this package. */
export const embedded: readonly string[] = ['tiny', 'emoji']

/** Names and revisions become parts of paths and addresses: `..`, `--` and empty parts are not among them. */
const repositoryPattern =
  /^(?!.*(?:\.\.|--))(?<name>\w[\w.-]{0,95}\/\w[\w.-]{0,95})(?:@(?<revision>\w[\w.-]*(?:\/\w[\w.-]*)*))?$/
const filePattern = /^[.~/\\]|\\|\.(pt|pth|bin|ckpt|safetensors)$|^\w:/

/** `ViT-B/61` has the form of a repository, but nobody means that. */
function isNearlyOpenAi(spec: string): boolean {
  return /^(vit-?\w|rn\d+)\b/i.test(spec) && nearestNames(spec, openAiNames).length > 0
}

const openAiNames = openAiModels.map(({ name }) => name)

function unknownModel(spec: string): ConfigError {
  if (filePattern.test(spec)) {
    return new ConfigError(`model ${spec}: no such file or folder`, { hint: 'Check the path.' })
  }
  const nearest = nearestNames(spec, [
    ...embedded,
    ...openAiNames,
    ...openClipNames,
    ...wellKnownRepositories,
  ])
  return new ConfigError(
    `unknown model ${JSON.stringify(spec)}, expected tiny, emoji, a file or folder, one of ${[...openAiNames, ...openClipNames].join(', ')}, or a Hugging Face repository (org/name)`,
    nearest.length > 0 ? { hint: `Did you mean ${nearest.join(' or ')}?` } : {},
  )
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
