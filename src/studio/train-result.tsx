import { counted } from '../core/counted.js'
import type { RunSummary } from '../core/studio/place.js'
import { Mistakes } from './mistakes.js'
import { percent, type Studio } from './store.js'

interface ResultProps {
  readonly studio: Studio
  readonly run: RunSummary
  readonly runs: readonly RunSummary[]
  readonly choose: (run: string) => void
  readonly next: () => void
  readonly train: () => void
}

/** What a finished run has learned. */
export function TrainResult({ studio, run, runs, choose, next, train }: ResultProps) {
  const { accuracy } = run
  return (
    <section class="result" aria-labelledby="result">
      <header>
        <h2 id="result">Checked on pictures that it did not learn from</h2>
        <div class="buttons">
          {runs.length > 1 && (
            <label class="inline">
              Training
              <select value={run.name} onChange={(event) => choose(event.currentTarget.value)}>
                {runs.map(({ name, accuracy: own, model }) => (
                  <option key={name} value={name}>
                    {name} · {model}
                    {own ? ` · ${Math.round(own.trained)} %` : ''}
                  </option>
                ))}
              </select>
            </label>
          )}
          <button type="button" class="primary" onClick={next}>
            Try it
          </button>
        </div>
      </header>
      {accuracy ? (
        <div class="score">
          <Score title="After training" share={accuracy.trained} main />
          <Score title="The model without training" share={accuracy.zeroShot} />
          <p class="note">
            Right answers on {counted(accuracy.pictures, 'picture')} that were kept apart.
            {accuracy.pictures < 20 && ' So few tell it only roughly: more pictures make it surer.'}
          </p>
        </div>
      ) : (
        <p class="note">Nothing is known of how often it is right.</p>
      )}
      <Mistakes studio={studio} run={run} train={train} />
    </section>
  )
}

function Score({ title, share, main = false }: { title: string; share: number; main?: boolean }) {
  return (
    <div class={main ? 'figure main' : 'figure'}>
      <span class="title">{title}</span>
      <strong>{percent(share / 100)}</strong>
      <span class="bar" aria-hidden="true">
        <i style={{ width: `${share}%` }} />
      </span>
    </div>
  )
}
