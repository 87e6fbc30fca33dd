import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { counted } from '../core/counted.js'
import { UserError } from '../core/errors.js'
import type { Place, Project } from '../core/studio/place.js'
import { idle, type TrainingState } from '../core/studio/training-state.js'

/** Something that the page tells, with what can be done about it. */
export interface Notice {
  readonly id: number
  readonly kind: 'note' | 'problem'
  readonly message: string
  readonly hint?: string | undefined
  readonly action?: { readonly label: string; readonly act: () => void } | undefined
}

/** What every part of the page works with. */
export interface Studio {
  readonly place: Place
  readonly project: Project
  readonly training: TrainingState
  /** Whether the place can be reached. */
  readonly connected: boolean
  readonly notices: readonly Notice[]
  /** Does something, and tells when it fails; gives undefined then. */
  attempt<T>(task: () => Promise<T>): Promise<T | undefined>
  reload(): Promise<void>
  tell(notice: Omit<Notice, 'id'>): void
  dismiss(id: number): void
}

/** Time that a note stays; problems stay until they are dismissed. */
const NOTE_MS = 8000

/** The project of a place, kept up to date. */
export function useStudio(place: Place): Studio | undefined {
  const [project, setProject] = useState<Project>()
  const [training, setTraining] = useState<TrainingState>(idle)
  const [connected, setConnected] = useState(true)
  const [notices, setNotices] = useState<readonly Notice[]>([])
  const numbers = useRef(0)

  const dismiss = useCallback((id: number) => setNotices((all) => all.filter((each) => each.id !== id)), [])
  const tell = useCallback(
    (notice: Omit<Notice, 'id'>) => {
      const id = ++numbers.current
      // The same problem twice is said once.
      setNotices((all) =>
        [...all.filter(({ message }) => message !== notice.message), { ...notice, id }].slice(-4),
      )
      if (notice.kind === 'note') setTimeout(() => dismiss(id), NOTE_MS)
    },
    [dismiss],
  )
  const attempt = useCallback(
    async <T>(task: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await task()
      } catch (error) {
        tell(problemOf(error))
        return undefined
      }
    },
    [tell],
  )
  const reload = useCallback(async () => {
    const found = await attempt(() => place.project())
    if (found) setProject(found)
  }, [place, attempt])

  useEffect(() => {
    void reload()
    let waiting: ReturnType<typeof setTimeout> | undefined
    const stop = place.watch({
      training: setTraining,
      changed() {
        // Many pictures come at once.
        clearTimeout(waiting)
        waiting = setTimeout(() => void reload(), 150)
      },
      connected(there) {
        setConnected(there)
        if (there) void reload()
      },
    })
    return () => {
      clearTimeout(waiting)
      stop()
    }
  }, [place, reload])

  return project && { place, project, training, connected, notices, attempt, reload, tell, dismiss }
}

/** An error as the page tells it. */
export function problemOf(error: unknown): Omit<Notice, 'id'> {
  if (error instanceof UserError) return { kind: 'problem', message: error.message, hint: error.hint }
  console.error(error)
  return { kind: 'problem', message: `A fault of this page: ${(error as Error).message}` }
}

/** Time as people say it. */
export function duration(seconds: number): string {
  if (seconds < 10) return 'a few seconds'
  if (seconds < 55) return `${Math.ceil(seconds / 10) * 10} seconds`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `about ${counted(Math.max(1, minutes), 'minute')}`
  return `about ${(minutes / 60).toFixed(1)} hours`
}

/** Bytes as people say them. */
export const megabytes = (bytes: number): string =>
  bytes < 1e6 ? '1 MB' : `${Math.round(bytes / 1e6).toLocaleString('en')} MB`

/** A share in percent as people say it. */
export const percent = (share: number): string => `${Math.round(100 * share)} %`
