import { useState } from 'preact/hooks'
import type { PictureRef } from '../core/studio/place.js'
import type { StudioReport } from '../core/studio/report.js'
import type { JudgedPicture } from './mistakes-of.js'
import { Picture } from './picture.js'
import { percent, type Studio } from './store.js'

/** Pictures of a cell that are shown at once. */
const SHOWN = 24

interface GalleryProps {
  readonly studio: Studio
  readonly report: StudioReport
  readonly which: 'trained' | 'zeroShot'
  readonly pictures: readonly JudgedPicture[]
  readonly title: string
  /** Told where a picture is now. */
  readonly moved: (from: PictureRef, now: PictureRef) => void
}

/** The pictures of a cell, each of which can be moved to its right class. */
export function Gallery({ studio, report, which, pictures, title, moved }: GalleryProps) {
  const { place, project, attempt, reload, tell } = studio
  const [dragged, setDragged] = useState<JudgedPicture>()
  const nameOf = (classId: string) => project.classes.find(({ id }) => id === classId)?.name ?? classId
  const shift = async (from: PictureRef, to: string): Promise<PictureRef> => {
    const now = await place.movePicture(from, to)
    moved(from, now)
    return now
  }
  const move = async ({ classId, name }: PictureRef, to: string) => {
    if (to === classId) return
    await attempt(async () => {
      const now = await shift({ classId, name }, to)
      tell({
        kind: 'note',
        message: `${name} is in “${nameOf(to)}” now.`,
        action: { label: 'Undo', act: () => void attempt(() => shift(now, classId)).then(reload) },
      })
    })
    await reload()
  }
  return (
    <>
      <h4>{title}</h4>
      {pictures.length === 0 && <p class="note">None is left here.</p>}
      {dragged && (
        <div class="targets" aria-hidden="true">
          {project.classes
            .filter(({ id }) => id !== dragged.classId)
            .map(({ id, name }) => (
              <button
                type="button"
                tabIndex={-1}
                key={id}
                class="target"
                onDragOver={(event) => event.preventDefault()}
                onDrop={(event) => {
                  event.preventDefault()
                  void move(dragged, id)
                  setDragged(undefined)
                }}
              >
                {name}
              </button>
            ))}
        </div>
      )}
      <ul class="gallery">
        {pictures.slice(0, SHOWN).map((picture) => {
          const { classId, name, learned } = picture
          const { answer, probability } = picture[which]
          return (
            <li
              key={`${classId}/${name}`}
              draggable
              onDragStart={(event) => {
                event.dataTransfer?.setData('text/plain', name)
                setDragged(picture)
              }}
              onDragEnd={() => setDragged(undefined)}
            >
              <Picture place={place} picture={picture} alt={name} />
              <p>
                <b>{report.classes[answer]!.name}</b> {percent(probability)}
                {learned && <small> learned from</small>}
              </p>
              <label>
                <span class="hidden">Class of {name}</span>
                <select value={classId} onChange={(event) => void move(picture, event.currentTarget.value)}>
                  {project.classes.map(({ id, name: each }) => (
                    <option key={id} value={id}>
                      {id === classId ? `in ${each}` : `move to ${each}`}
                    </option>
                  ))}
                </select>
              </label>
            </li>
          )
        })}
      </ul>
      {pictures.length > SHOWN && <p class="note">The first {SHOWN} of them.</p>}
    </>
  )
}
