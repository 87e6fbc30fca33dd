import { UserError } from '../../core/errors.js'
import { nearestNames } from '../../core/suggest.js'
import { HttpError, NetworkError } from './http.js'
import { openClipRepositories } from './open-clip-names.js'

/** CLIP repositories that are asked for often. */
export const wellKnownRepositories: readonly string[] = [
  'openai/clip-vit-base-patch16',
  'openai/clip-vit-base-patch32',
  'openai/clip-vit-large-patch14',
  'openai/clip-vit-large-patch14-336',
  'laion/CLIP-ViT-B-16-laion2B-s34B-b88K',
  'laion/CLIP-ViT-B-32-laion2B-s34B-b79K',
  'laion/CLIP-ViT-L-14-laion2B-s32B-b82K',
  'laion/CLIP-ViT-H-14-laion2B-s32B-b79K',
  ...openClipRepositories,
]

/** What was asked for when a request failed. */
export interface HubRequest {
  /** A repository's `org/name`, or a file's name. */
  readonly what: string
  readonly revision?: string
  readonly hasToken: boolean
}

/** A failed request as the user should see it; errors of other kinds stay as they are. */
export function hubError(error: unknown, request: HubRequest): unknown {
  if (error instanceof NetworkError) return networkError(error, request)
  if (error instanceof HttpError) return statusError(error, request)
  return error
}

function networkError(error: NetworkError, { what }: HubRequest): UserError {
  const { host } = new URL(error.url)
  return new UserError(`${what} cannot be downloaded from ${host}: ${error.reason}`, {
    cause: error,
    hint: error.answered
      ? 'Run the same command again: the download goes on where it stopped.'
      : 'Check the network, or give the path of a local model file or folder. With HF_HUB_OFFLINE=1 only models that were downloaded before are used.',
  })
}

function statusError(cause: HttpError, { what, revision, hasToken }: HubRequest): UserError {
  const { status, code, url } = cause
  const { host } = new URL(url)
  const tokenHint = hasToken
    ? 'The token in use does not give access: check HF_TOKEN.'
    : 'Set HF_TOKEN to an access token of yours.'
  if (code === 'GatedRepo') {
    return new UserError(`${what}: access is restricted by its owner (status ${status})`, {
      cause,
      hint: `Accept the conditions on https://${host}/${what}. ${tokenHint}`,
    })
  }
  if (code === 'RevisionNotFound') {
    return new UserError(`${what} has no revision ${JSON.stringify(revision)} on ${host}`, {
      cause,
      hint: `Leave out @${revision}, or name a branch, tag or commit of the repository.`,
    })
  }
  // For a repository that does not exist, the Hub answers 401 to those it does not know.
  if (status === 404 || code === 'RepoNotFound') {
    const nearest = nearestNames(what, wellKnownRepositories)
    const check = nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : 'Check the spelling.'
    return new UserError(`${what} does not exist on ${host}, or is private (status ${status})`, {
      cause,
      hint: `${check} If it is private: ${tokenHint}`,
    })
  }
  if (status === 401 || status === 403) {
    return new UserError(`${what}: ${host} refuses access (status ${status})`, { cause, hint: tokenHint })
  }
  return new UserError(`${what} cannot be downloaded: ${host} answers with status ${status}`, {
    cause,
    hint: 'Try again later: what has arrived is kept.',
  })
}
