import { useRef, useState } from 'preact/hooks'
import { tidyClassName } from '../core/clip/templates.js'
import { counted } from '../core/counted.js'
import { adviceFor } from '../core/studio/advice.js'
import { CameraDialog } from './camera.js'
import { ClassCard } from './class-card.js'
import { chosenGroups, type DroppedGroup, useDropped } from './dropped.js'
import { type Intake, useIntake } from './intake.js'
import { NameDialog } from './name-dialog.js'
import type { Studio } from './store.js'

interface CollectProps {
  readonly studio: Studio
  readonly next: () => void
}

/** The first step: pictures into classes. */
export function Collect({ studio, next }: CollectProps) {
  const { place, project, attempt, reload } = studio
  const { classes } = project
  const { intake, add, dismiss } = useIntake(studio)
  const [naming, setNaming] = useState<readonly File[]>()
  const [camera, setCamera] = useState<string>()
  const advice = adviceFor(classes.map(({ name, pictures }) => ({ name, pictures: pictures.length })))
  const addTo = (classId: string, files: readonly Blob[]) =>
    add(files.map((file) => ({ classId, file, name: file instanceof File ? file.name : 'picture.jpg' })))

  /** Folders become classes; loose pictures go into a class that the person names. */
  const take = async (groups: readonly DroppedGroup[], classId?: string) => {
    for (const { folder, files } of groups) {
      if (classId !== undefined) await addTo(classId, files)
      else if (folder === undefined) setNaming(files)
      else {
        const name = tidyClassName(folder).toLowerCase()
        const there = classes.find((each) => each.name.toLowerCase() === name)?.id
        const id = there ?? (await attempt(() => place.addClass(folder)))
        if (id !== undefined) await addTo(id, files)
      }
    }
  }
  const dragging = useDropped(take)
  const cameraClass = classes.find(({ id }) => id === camera)
  return (
    <div class={dragging ? 'collect dragging' : 'collect'}>
      <h1 tabIndex={-1}>What should it tell apart?</h1>
      <p class="lead">
        Make a class for each thing, and give it pictures. Ten or more of each, as different as those you will
        show it later.
      </p>
      <IntakeStatus intake={intake} dismiss={dismiss} />
      {classes.length === 0 ? (
        <Beginning studio={studio} take={take} naming={() => setNaming([])} />
      ) : (
        <div class="classes">
          {classes.map((each) => (
            <ClassCard
              key={each.id}
              studio={studio}
              shown={each}
              onFiles={(files) => addTo(each.id, files)}
              onCamera={() => setCamera(each.id)}
            />
          ))}
          <div class="card add">
            <button type="button" onClick={() => setNaming([])}>
              Add a class
            </button>
            <FolderButton take={take} label="Choose a folder" />
            <p>or drop folders of pictures here: each becomes a class.</p>
          </div>
        </div>
      )}
      <footer class="onward">
        <ul class="advice" aria-label="Advice">
          {(classes.length === 0 ? [] : advice).map(({ kind, message }) => (
            <li class={kind} key={message}>
              {message}
            </li>
          ))}
        </ul>
        <button
          type="button"
          class="primary"
          disabled={advice.some(({ kind }) => kind === 'needed')}
          onClick={next}
        >
          Go on to training
        </button>
      </footer>
      {dragging && (
        <div class="drop-hint" aria-hidden="true">
          Drop folders anywhere: each becomes a class. Drop pictures onto a class.
        </div>
      )}
      {naming && (
        <NameDialog
          studio={studio}
          files={naming}
          onClose={() => setNaming(undefined)}
          onNamed={async (id) => {
            setNaming(undefined)
            await reload()
            if (naming.length > 0) await addTo(id, naming)
          }}
        />
      )}
      {cameraClass && (
        <CameraDialog
          className={cameraClass.name}
          count={cameraClass.pictures.length}
          onPicture={(file) => addTo(cameraClass.id, [file])}
          onClose={() => setCamera(undefined)}
        />
      )}
    </div>
  )
}

interface BeginningProps {
  readonly studio: Studio
  readonly take: (groups: readonly DroppedGroup[]) => Promise<void>
  readonly naming: () => void
}

/** What a new project shows. */
function Beginning({ studio: { place, attempt, reload }, take, naming }: BeginningProps) {
  const [busy, setBusy] = useState(false)
  return (
    <div class="beginning">
      <div class="drop">
        <svg viewBox="0 0 64 48" aria-hidden="true">
          <path d="M4 12a4 4 0 0 1 4-4h14l5 6h29a4 4 0 0 1 4 4v22a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4z" />
          <path d="M32 36V22m-6 6l6-6 6 6" />
        </svg>
        <p>
          <b>Drop folders of pictures here</b>
          <br />
          Each folder becomes a class of its name.
        </p>
        <div class="buttons">
          <FolderButton take={take} label="Choose a folder" primary />
          <button type="button" onClick={naming}>
            Name a class yourself
          </button>
        </div>
      </div>
      <div class="example">
        <p>No pictures at hand?</p>
        <button
          type="button"
          class="quiet"
          disabled={busy}
          onClick={async () => {
            setBusy(true)
            await attempt(() => place.addExample())
            await reload()
            setBusy(false)
          }}
        >
          {busy ? 'Drawing pictures…' : 'Try it with drawn pictures of food'}
        </button>
      </div>
    </div>
  )
}

interface FolderButtonProps {
  readonly take: (groups: readonly DroppedGroup[]) => Promise<void>
  readonly label: string
  readonly primary?: boolean
}

function FolderButton({ take, label, primary = false }: FolderButtonProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <button type="button" class={primary ? 'primary' : ''} onClick={() => input.current!.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={label}
        {...{ webkitdirectory: true }}
        onChange={(event) => {
          const { files } = event.currentTarget
          if (files) void take(chosenGroups(files))
          event.currentTarget.value = ''
        }}
      />
    </>
  )
}

/** How far pictures are on their way, and which were not added. */
function IntakeStatus({ intake, dismiss }: { readonly intake: Intake; readonly dismiss: () => void }) {
  const { total, done, added, known, failed } = intake
  if (total === 0) return <div role="status" />
  const working = done < total
  const tell = [
    ...failed.map(({ name, message }) => [name, message] as const),
    ...known.map((each) => [each, ''] as const),
  ]
  return (
    <div class={failed.length > 0 ? 'banner problem' : 'banner'} role="status">
      {working ? (
        <label>
          Adding pictures: {done} of {total}
          <progress value={done} max={total} />
        </label>
      ) : (
        <p>
          <b>{counted(added, 'picture')} added.</b>{' '}
          {failed.length > 0 && `${counted(failed.length, 'file')} could not be. `}
          {known.length > 0 &&
            `${counted(known.length, 'picture')} ${known.length === 1 ? 'was' : 'were'} there already.`}
        </p>
      )}
      {tell.length > 0 && (
        <details open={failed.length > 0 && tell.length <= 6}>
          <summary>Which files</summary>
          <ul>
            {tell.map(([name, message]) => (
              <li key={name}>
                <b>{name}</b> {message}
              </li>
            ))}
          </ul>
        </details>
      )}
      {!working && (
        <button type="button" class="quiet" onClick={dismiss}>
          Close
        </button>
      )}
    </div>
  )
}
