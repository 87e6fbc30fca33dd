import { UserError } from '../core/errors.js'
import type {
  AddedPicture,
  DownloadChoice,
  ModelChoice,
  PictureRef,
  Place,
  PlaceEvents,
  Project,
  StudioAnswer,
  TrainChoice,
} from '../core/studio/place.js'
import type { StudioReport } from '../core/studio/report.js'
import type { TrainingState } from '../core/studio/training-state.js'

/** This computer: the server that `promptsrc studio` runs. */
export class HttpPlace implements Place {
  readonly kind = 'computer'

  project = (): Promise<Project> => ask('GET', 'api/project')

  async addClass(name: string): Promise<string> {
    return (await ask<{ id: string }>('POST', 'api/classes', { name })).id
  }

  renameClass = (classId: string, name: string): Promise<void> => ask('PATCH', classPath(classId), { name })

  removeClass = (classId: string): Promise<void> => ask('DELETE', classPath(classId))

  addPicture = (classId: string, picture: Blob, name: string): Promise<AddedPicture> =>
    ask('POST', `${classPath(classId)}/pictures?name=${encodeURIComponent(name)}`, picture)

  movePicture = (picture: PictureRef, to: string): Promise<PictureRef> =>
    ask('PATCH', picturePath(picture), { to })

  removePicture = (picture: PictureRef): Promise<void> => ask('DELETE', picturePath(picture))

  undoRemoval = (): Promise<void> => ask('POST', 'api/undo')

  addExample = (): Promise<void> => ask('POST', 'api/example')

  pictureUrl = async (picture: PictureRef, size: 'small' | 'large'): Promise<string> =>
    `${picturePath(picture)}?size=${size}`

  releaseUrl = (): void => {}

  models = (): Promise<readonly ModelChoice[]> => ask('GET', 'api/models')

  findModel = (name: string): Promise<ModelChoice> =>
    ask('GET', `api/models/find?name=${encodeURIComponent(name)}`)

  train = (choice: TrainChoice): Promise<void> => ask('POST', 'api/training', choice)

  resume = (run: string): Promise<void> => ask('POST', 'api/training/resume', { run })

  stop = (): Promise<void> => ask('POST', 'api/training/stop')

  watch({ training, changed, connected }: PlaceEvents): () => void {
    const source = new EventSource('api/events')
    source.onopen = () => connected(true)
    // The browser asks again by itself.
    source.onerror = () => connected(false)
    source.addEventListener('training', ({ data }) => training(JSON.parse(data) as TrainingState))
    source.addEventListener('changed', () => changed())
    return () => source.close()
  }

  report = (run: string): Promise<StudioReport> => ask('GET', `${runPath(run)}/report`)

  classify(
    run: string,
    picture: Blob,
    addClasses: readonly string[],
    signal?: AbortSignal,
  ): Promise<StudioAnswer> {
    const query = new URLSearchParams(addClasses.map((name) => ['addClasses', name]))
    return ask('POST', `${runPath(run)}/classify?${query}`, picture, signal)
  }

  downloads = (run: string): Promise<readonly DownloadChoice[]> => ask('GET', `${runPath(run)}/downloads`)

  async download(run: string, format: string): Promise<void> {
    await ask('POST', `${runPath(run)}/downloads`, { format })
    const link = document.createElement('a')
    link.href = `${runPath(run)}/download?format=${encodeURIComponent(format)}`
    link.download = ''
    link.click()
  }
}

const classPath = (classId: string): string => `api/classes/${encodeURIComponent(classId)}`
const picturePath = ({ classId, name }: PictureRef): string =>
  `${classPath(classId)}/pictures/${encodeURIComponent(name)}`
const runPath = (run: string): string => `api/runs/${encodeURIComponent(run)}`

/** Asks the server. @throws UserError with what it says, or that it is gone */
async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const given =
    body === undefined
      ? {}
      : body instanceof Blob
        ? { body, headers: { 'content-type': 'application/octet-stream' } }
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  let response: Response
  try {
    response = await fetch(path, { method, ...given, ...(signal ? { signal } : {}) })
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw new UserError('The studio on this computer does not answer.', {
      cause,
      hint: 'Start it again by the same command, and open the address that it prints. Nothing is lost.',
    })
  }
  if (response.status === 204) return undefined as T
  const answer = await response.json().catch(() => ({ error: `The studio answered ${response.status}.` }))
  if (response.ok) return answer as T
  throw new UserError(answer.error, { hint: answer.hint })
}
