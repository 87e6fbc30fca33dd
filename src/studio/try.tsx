import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { DownloadChoice, RunSummary, StudioAnswer } from '../core/studio/place.js'
import { AddedNames, Answer } from './answer.js'
import { snapshot, useCamera } from './camera.js'
import { chosenGroups, droppedGroups } from './dropped.js'
import { problemOf, type Studio } from './store.js'

interface TryProps {
  readonly studio: Studio
  readonly train: () => void
}

/** Between two frames of the camera, so that the page stays free. */
const FRAME_PAUSE_MS = 60

/** The third step: new pictures, the camera, other names, and taking it along. */
export function Try({ studio, train }: TryProps) {
  const { project } = studio
  const finished = project.runs.filter((run) => run.finished)
  const [chosen, setChosen] = useState<string>()
  const run = finished.find(({ name }) => name === chosen) ?? finished[0]
  if (!run) {
    return (
      <>
        <h1 tabIndex={-1}>Try it</h1>
        <div class="banner">
          <p>There is nothing to try yet: train first.</p>
          <button type="button" class="primary" onClick={train}>
            Go to Train
          </button>
        </div>
      </>
    )
  }
  return (
    <>
      <header class="heading">
        <h1 tabIndex={-1}>Try it on new pictures</h1>
        {finished.length > 1 && (
          <label class="inline">
            Training
            <select value={run.name} onChange={(event) => setChosen(event.currentTarget.value)}>
              {finished.map(({ name, model }) => (
                <option key={name} value={name}>
                  {name} · {model}
                </option>
              ))}
            </select>
          </label>
        )}
      </header>
      <Trial key={run.name} studio={studio} run={run} />
      <TakeAway studio={studio} run={run} />
    </>
  )
}

interface OfRun {
  readonly studio: Studio
  readonly run: RunSummary
}

function Trial({ studio, run }: OfRun) {
  const { place } = studio
  const [source, setSource] = useState<'picture' | 'camera'>('picture')
  const [picture, setPicture] = useState<{
    readonly blob: Blob
    readonly url: string
    readonly name: string
  }>()
  const [answer, setAnswer] = useState<StudioAnswer>()
  const [problem, setProblem] = useState<string>()
  const [added, setAdded] = useState<readonly string[]>([])
  const [busy, setBusy] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const camera = useCamera(source === 'camera')

  const show = useCallback((blob: Blob, name: string) => {
    setSource('picture')
    setPicture((before) => {
      if (before) URL.revokeObjectURL(before.url)
      return { blob, url: URL.createObjectURL(blob), name }
    })
  }, [])
  const ask = useCallback(
    async (blob: Blob, signal?: AbortSignal) => {
      try {
        const found = await place.classify(run.name, blob, added, signal)
        setAnswer(found)
        setProblem(undefined)
      } catch (error) {
        if (signal?.aborted) return
        setAnswer(undefined)
        const { message, hint } = problemOf(error)
        setProblem(`${message} ${hint ?? ''}`)
      }
    },
    [place, run.name, added],
  )

  // A picture is asked about anew when the names to choose from change.
  useEffect(() => {
    if (source !== 'picture' || !picture) return
    const leaving = new AbortController()
    setBusy(true)
    void ask(picture.blob, leaving.signal).finally(() => {
      if (!leaving.signal.aborted) setBusy(false)
    })
    return () => leaving.abort()
  }, [source, picture, ask])

  // The camera is asked about frame after frame, as fast as the answers come.
  useEffect(() => {
    const { video } = camera
    if (source !== 'camera' || !video) return
    const leaving = new AbortController()
    const watch = async () => {
      while (!leaving.signal.aborted) {
        if (!document.hidden) await ask(await snapshot(video), leaving.signal)
        await new Promise((resolve) => setTimeout(resolve, FRAME_PAUSE_MS))
      }
    }
    void watch().catch(() => {})
    return () => leaving.abort()
  }, [source, camera.video, ask])

  useEffect(() => {
    const take = (files: readonly File[]) => {
      if (files[0]) show(files[0], files[0].name)
    }
    const over = (event: DragEvent) => event.preventDefault()
    const drop = async (event: DragEvent) => {
      event.preventDefault()
      take((await droppedGroups(event.dataTransfer!)).flatMap(({ files }) => files))
    }
    const paste = (event: ClipboardEvent) => take([...(event.clipboardData?.files ?? [])])
    addEventListener('dragover', over)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [show])

  return (
    <div class="trial">
      <section class="input" aria-label="Picture">
        <fieldset class="switches">
          <legend class="hidden">Where the picture comes from</legend>
          <label class="choice">
            <input
              type="radio"
              name="source"
              checked={source === 'picture'}
              onChange={() => setSource('picture')}
            />
            <span>Picture</span>
          </label>
          <label class="choice">
            <input
              type="radio"
              name="source"
              checked={source === 'camera'}
              onChange={() => setSource('camera')}
            />
            <span>Camera</span>
          </label>
        </fieldset>
        {source === 'picture' ? (
          <div class="stage">
            {picture ? (
              <img src={picture.url} alt={picture.name} />
            ) : (
              <p>
                Drop a picture here, paste one, or choose a file.
                <br />
                Best is one that it has never seen.
              </p>
            )}
          </div>
        ) : (
          <div class="stage">
            {camera.problem ? (
              <p class="problem" role="alert">
                {camera.problem}
              </p>
            ) : (
              <div ref={camera.stage} class="live" />
            )}
          </div>
        )}
        <div class="buttons">
          {camera.problem && source === 'camera' && (
            <button type="button" class="primary" onClick={camera.again}>
              Try again
            </button>
          )}
          {source === 'picture' && (
            <button type="button" class={picture ? '' : 'primary'} onClick={() => input.current!.click()}>
              {picture ? 'Another picture' : 'Choose a picture'}
            </button>
          )}
          <input
            ref={input}
            type="file"
            hidden
            accept="image/*,.heic,.heif,.jxl,.tif,.tiff,.avif"
            aria-label="Picture to try"
            onChange={(event) => {
              const [group] = chosenGroups(event.currentTarget.files ?? [])
              if (group?.files[0]) show(group.files[0], group.files[0].name)
              event.currentTarget.value = ''
            }}
          />
        </div>
      </section>
      <section class="answer" aria-label="Answer">
        <Answer answer={answer} problem={problem} busy={busy} added={added} live={source === 'camera'} />
        <AddedNames run={run} added={added} change={setAdded} />
      </section>
    </div>
  )
}

/** What was learned, as files of the person's own. */
function TakeAway({ studio: { place, attempt }, run }: OfRun) {
  const [choices, setChoices] = useState<readonly DownloadChoice[]>([])
  const [busy, setBusy] = useState<string>()
  useEffect(() => {
    void attempt(async () => setChoices(await place.downloads(run.name)))
  }, [place, run.name, attempt])
  return (
    <section class="take-away" aria-labelledby="take-away">
      <h2 id="take-away">Take it with you</h2>
      <ul>
        {choices.map(({ format, title, about }) => (
          <li key={format}>
            <div>
              <b>{title}</b>
              <p>{about}</p>
            </div>
            <button
              type="button"
              disabled={busy !== undefined}
              aria-label={`Download: ${title}`}
              onClick={async () => {
                setBusy(format)
                await attempt(() => place.download(run.name, format))
                setBusy(undefined)
              }}
            >
              {busy === format ? 'Packing…' : 'Download'}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
