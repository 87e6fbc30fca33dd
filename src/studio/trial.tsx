import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { RunSummary, StudioAnswer } from '../core/studio/place.js'
import { AddedNames, Answer } from './answer.js'
import { snapshot, useCamera } from './camera.js'
import { Choice } from './choice.js'
import { chosenGroups, useDropped } from './dropped.js'
import { problemOf, type Studio } from './store.js'

interface TrialProps {
  readonly studio: Studio
  readonly run: RunSummary
}

/** Between two frames of the camera, so that the page stays free. */
const FRAME_PAUSE_MS = 60

/** A picture or the camera, and what the run says of it. */
export function Trial({ studio, run }: TrialProps) {
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

  const show = (blob: Blob, name: string) => {
    setSource('picture')
    setPicture((before) => {
      if (before) URL.revokeObjectURL(before.url)
      return { blob, url: URL.createObjectURL(blob), name }
    })
  }
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

  useDropped(async (groups) => {
    const [file] = groups.flatMap(({ files }) => files)
    if (file) show(file, file.name)
  })

  return (
    <div class="trial">
      <section class="input" aria-label="Picture">
        <fieldset class="switches">
          <legend class="hidden">Where the picture comes from</legend>
          <Choice name="source" checked={source === 'picture'} onChosen={() => setSource('picture')}>
            Picture
          </Choice>
          <Choice name="source" checked={source === 'camera'} onChosen={() => setSource('camera')}>
            Camera
          </Choice>
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
