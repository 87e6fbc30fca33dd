import { useRef, useState } from 'preact/hooks'
import { counted } from '../core/counted.js'
import type { StudioClass } from '../core/studio/place.js'
import { Dialog } from './dialog.js'
import { Picture } from './picture.js'
import type { Studio } from './store.js'

/** Pictures of a card that are shown at once. */
const SHOWN = 18

interface ClassCardProps {
  readonly studio: Studio
  readonly shown: StudioClass
  readonly onFiles: (files: readonly File[]) => Promise<void>
  readonly onCamera: () => void
}

/** A class with its pictures. */
export function ClassCard({ studio, shown, onFiles, onCamera }: ClassCardProps) {
  const { place, attempt, reload, tell } = studio
  const { id, name, pictures } = shown
  const input = useRef<HTMLInputElement>(null)
  const [all, setAll] = useState(false)
  const [open, setOpen] = useState<string>()
  const undo = () => void attempt(() => place.undoRemoval()).then(reload)
  const rename = async (field: HTMLInputElement) => {
    if (field.value.trim() === name) return
    await attempt(() => place.renameClass(id, field.value))
    field.value = name
    await reload()
  }
  const remove = async () => {
    await attempt(async () => {
      await place.removeClass(id)
      tell({ kind: 'note', message: `“${name}” was removed.`, action: { label: 'Undo', act: undo } })
    })
    await reload()
  }
  const removePicture = async (picture: string) => {
    setOpen(undefined)
    await attempt(async () => {
      await place.removePicture({ classId: id, name: picture })
      tell({ kind: 'note', message: `${picture} was removed.`, action: { label: 'Undo', act: undo } })
    })
    await reload()
  }
  const move = async (picture: string, to: string) => {
    setOpen(undefined)
    await attempt(() => place.movePicture({ classId: id, name: picture }, to))
    await reload()
  }
  const visible = all ? pictures : pictures.slice(0, pictures.length > SHOWN ? SHOWN - 1 : SHOWN)
  return (
    <section class="card" data-class={id} aria-label={`Class ${name}`}>
      <header>
        <h2>
          <input
            class="title"
            aria-label="Name of the class"
            defaultValue={name}
            key={name}
            maxLength={80}
            spellcheck={false}
            onChange={(event) => void rename(event.currentTarget)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') event.currentTarget.blur()
            }}
          />
        </h2>
        <span class="count">{counted(pictures.length, 'picture')}</span>
        <button
          type="button"
          class="quiet icon"
          aria-label={`Remove class ${name}`}
          title="Remove class"
          onClick={remove}
        >
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6" />
          </svg>
        </button>
      </header>
      {pictures.length === 0 ? (
        <p class="empty">Drop pictures here, or add them with the buttons below.</p>
      ) : (
        <ul class="thumbs" aria-label={`Pictures of ${name}`}>
          {visible.map((picture) => (
            <li key={picture}>
              <button type="button" class="thumb" title={picture} onClick={() => setOpen(picture)}>
                <Picture place={place} picture={{ classId: id, name: picture }} alt={picture} />
              </button>
            </li>
          ))}
          {visible.length < pictures.length && (
            <li>
              <button
                type="button"
                class="thumb more"
                aria-label={`Show all ${pictures.length} pictures`}
                onClick={() => setAll(true)}
              >
                +{pictures.length - visible.length}
              </button>
            </li>
          )}
        </ul>
      )}
      <div class="buttons">
        <button type="button" onClick={() => input.current!.click()}>
          Add pictures
        </button>
        <button type="button" onClick={onCamera}>
          Camera
        </button>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          accept="image/*,.heic,.heif,.jxl,.tif,.tiff,.avif"
          aria-label={`Pictures for ${name}`}
          onChange={(event) => {
            void onFiles([...(event.currentTarget.files ?? [])])
            event.currentTarget.value = ''
          }}
        />
      </div>
      {open !== undefined && (
        <Dialog title={open} wide onClose={() => setOpen(undefined)}>
          <div class="large">
            <Picture place={place} picture={{ classId: id, name: open }} size="large" alt={open} />
          </div>
          <div class="buttons">
            <label class="inline">
              Class
              <select value={id} onChange={(event) => void move(open, event.currentTarget.value)}>
                {studio.project.classes.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
              </select>
            </label>
            <button type="button" onClick={() => void removePicture(open)}>
              Remove the picture
            </button>
          </div>
        </Dialog>
      )}
    </section>
  )
}
