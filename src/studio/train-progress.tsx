import { useEffect, useState } from 'preact/hooks'
import { counted } from '../core/counted.js'
import { isBusy, shareDone, type TrainingState } from '../core/studio/training-state.js'
import { Curve } from './curve.js'
import { duration, megabytes, type Studio } from './store.js'

interface ProgressProps {
  readonly studio: Studio
  readonly state: TrainingState
  readonly again: () => void
}

const doing: Readonly<Record<TrainingState['phase'], string>> = {
  idle: '',
  preparing: 'Getting ready',
  downloading: 'Downloading the model',
  training: 'Learning',
  measuring: 'Checking what was learned',
  finished: 'Done',
  stopped: 'Stopped',
  failed: 'It did not work out',
}

/** A training at work, or one that ended too early. */
export function TrainProgress({ studio: { place, attempt }, state, again }: ProgressProps) {
  const { phase, epochs, curve, secondsLeft, warnings, problem, run, download } = state
  const [stopping, setStopping] = useState(false)
  const share = shareDone(state)
  const busy = isBusy(state)
  useEffect(() => {
    if (!busy) setStopping(false)
  }, [busy])
  return (
    <section class="progress" aria-label="Progress">
      <div class="state">
        <p role="status">
          <b>{doing[phase]}</b>
          {phase === 'training' && ` – pass ${Math.min(epochs, curve.length + 1)} of ${epochs}`}
          {phase === 'training' && secondsLeft !== undefined && `, ${duration(secondsLeft)} left`}
          {phase === 'downloading' &&
            download?.total &&
            ` – ${megabytes(download.received)} of ${megabytes(download.total)}`}
        </p>
        {busy && (
          <button
            type="button"
            disabled={stopping}
            onClick={() => {
              setStopping(true)
              void attempt(() => place.stop())
            }}
          >
            {stopping ? 'Stopping…' : 'Stop'}
          </button>
        )}
      </div>
      {busy && (
        <progress aria-label={doing[phase]} {...(share === undefined ? {} : { value: share, max: 1 })} />
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem.message} {problem.hint}
        </p>
      )}
      {phase === 'stopped' && (
        <p>
          {curve.length > 0
            ? `${counted(curve.length, 'pass', 'passes')} are kept.`
            : 'Nothing was learned yet.'}
        </p>
      )}
      {epochs > 1 && (
        <div class="curves">
          <Curve
            title="Still wrong by (loss)"
            unit=""
            values={curve.map(({ loss }) => loss)}
            total={epochs}
            colour="accent"
          />
          <Curve
            title="Right on its pictures, as they are varied"
            unit=" %"
            values={curve.map(({ accuracy }) => accuracy)}
            total={epochs}
            top={100}
            colour="right"
          />
        </div>
      )}
      {!busy && (
        <div class="buttons">
          {run !== undefined && curve.length > 0 && (
            <button type="button" class="primary" onClick={() => void attempt(() => place.resume(run))}>
              Go on
            </button>
          )}
          {phase === 'failed' && curve.length === 0 && (
            <button type="button" class="primary" onClick={again}>
              Try again
            </button>
          )}
        </div>
      )}
      {warnings.length > 0 && (
        <details>
          <summary>{counted(warnings.length, 'remark')}</summary>
          <ul>
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}
