import { useEffect, useState } from 'preact/hooks'
import type { DownloadChoice, RunSummary } from '../core/studio/place.js'
import type { Studio } from './store.js'
import { Trial } from './trial.js'

interface TryProps {
  readonly studio: Studio
  readonly train: () => void
}

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
