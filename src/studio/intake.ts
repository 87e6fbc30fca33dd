import { useCallback, useState } from 'preact/hooks'
import { tidyClassName } from '../core/clip/templates.js'
import { UserError } from '../core/errors.js'
import type { Studio } from './store.js'

/** Pictures on their way into the project. */
export interface Intake {
  readonly total: number
  readonly done: number
  readonly added: number
  /** Files that are in the project already, and where. */
  readonly known: readonly string[]
  readonly failed: readonly { readonly name: string; readonly message: string }[]
}

/** A file for a class; one without a name of its own has that of the place. */
export interface Taken {
  readonly classId: string
  readonly file: Blob
  readonly name: string
}

const none: Intake = { total: 0, done: 0, added: 0, known: [], failed: [] }
const SIDE_BY_SIDE = 3

/** Adds pictures some at a time, and tells how far it is and what was not added. */
export function useIntake({ place, project, reload }: Pick<Studio, 'place' | 'project' | 'reload'>): {
  readonly intake: Intake
  add(taken: readonly Taken[]): Promise<void>
  dismiss(): void
} {
  const [intake, setIntake] = useState(none)
  const { pictureBytes } = project.limits
  const add = useCallback(
    async (taken: readonly Taken[]) => {
      const change = (next: (sofar: Intake) => Partial<Intake>) =>
        setIntake((sofar) => ({ ...sofar, ...next(sofar) }))
      setIntake((sofar) =>
        sofar.done < sofar.total
          ? { ...sofar, total: sofar.total + taken.length }
          : { ...none, total: taken.length },
      )
      const queue = [...taken]
      const work = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const { classId, file, name } = next
          try {
            if (file.size > pictureBytes) {
              throw new UserError(
                `has ${Math.round(file.size / 1e6)} MB; a picture may have ${Math.round(pictureBytes / 1e6)}`,
              )
            }
            const result = await place.addPicture(classId, file, name)
            if (result.outcome === 'added') change(({ added }) => ({ added: added + 1 }))
            else {
              const { where } = result
              const place =
                where.classId === classId ? 'there already' : `in “${tidyClassName(where.classId)}” already`
              change(({ known }) => ({ known: [...known, `${name}: ${place}`] }))
            }
          } catch (error) {
            const { message } = error as Error
            const own = message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message
            change(({ failed }) => ({ failed: [...failed, { name, message: own }] }))
          } finally {
            change(({ done }) => ({ done: done + 1 }))
          }
        }
      }
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
      await reload()
    },
    [place, pictureBytes, reload],
  )
  return { intake, add, dismiss: useCallback(() => setIntake(none), []) }
}
