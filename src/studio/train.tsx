import { useEffect, useState } from 'preact/hooks'
import { adviceFor } from '../core/studio/advice.js'
import type { ModelChoice, RunSummary, TrainChoice } from '../core/studio/place.js'
import { isBusy, shareDone, type TrainingState } from '../core/studio/training-state.js'
import { Curve } from './curve.js'
import { Mistakes } from './mistakes.js'
import { ModelPicker } from './model-picker.js'
import { counted, duration, megabytes, percent, type Studio } from './store.js'

interface TrainProps {
  readonly studio: Studio
  readonly collect: () => void
  readonly next: () => void
}

const beginning: TrainChoice = { model: '', download: false, pace: 'thorough', shots: 16, epochs: 20 }

/** Choices stay while the page is open. */
let lastChoice = beginning

/** The second step: learning, and a look at what was learned. */
export function Train({ studio, collect, next }: TrainProps) {
  const { place, project, training, attempt } = studio
  const [models, setModels] = useState<readonly ModelChoice[]>()
  const [choice, setChoiceState] = useState(lastChoice)
  const [chosenRun, setChosenRun] = useState<string>()
  const setChoice = (change: Partial<TrainChoice>) => {
    lastChoice = { ...lastChoice, ...change }
    setChoiceState(lastChoice)
  }
  useEffect(() => {
    void attempt(async () => {
      const found = await place.models()
      setModels(found)
      if (lastChoice.model === '') {
        const used = project.runs[0]?.model
        const usual =
          found.find(({ name }) => name === used) ?? found.find(({ here, name }) => here && name !== 'emoji')
        lastChoice = { ...lastChoice, model: (usual ?? found[0])?.name ?? '' }
        setChoiceState(lastChoice)
      }
    })
  }, [place, attempt, project.runs])

  const advice = adviceFor(project.classes.map(({ name, pictures }) => ({ name, pictures: pictures.length })))
  const needed = advice.filter(({ kind }) => kind === 'needed')
  const model = models?.find(({ name }) => name === choice.model)
  const busy = isBusy(training)
  const train = () => {
    setChosenRun(undefined)
    void attempt(() => place.train({ ...choice, download: model?.here === false }))
  }
  const finished = project.runs.filter((run) => run.finished)
  const run = finished.find(({ name }) => name === chosenRun) ?? finished[0]
  const stopped = project.runs.find((each) => !each.finished && each.done > 0 && each.name !== training.run)
  if (needed.length > 0 && !busy && !run) {
    return (
      <>
        <h1 tabIndex={-1}>Train</h1>
        <div class="banner">
          {needed.map(({ message }) => (
            <p key={message}>{message}</p>
          ))}
          <button type="button" class="primary" onClick={collect}>
            Go to Collect
          </button>
        </div>
      </>
    )
  }
  const pictures = project.classes.reduce((sum, each) => sum + each.pictures.length, 0)
  return (
    <>
      <h1 tabIndex={-1}>{busy ? 'Learning from your pictures' : 'Train'}</h1>
      {busy || training.phase === 'stopped' || training.phase === 'failed' ? (
        <Progress studio={studio} state={training} again={train} />
      ) : null}
      {!busy && (
        <section class="setup" aria-label="Training">
          <p class="lead">
            {counted(project.classes.length, 'class', 'classes')}, {counted(pictures, 'picture')}. About a
            third of each class is kept apart, to check what was learned.
          </p>
          <ModelPicker
            studio={studio}
            models={models}
            chosen={choice.model}
            onChosen={(name) => setChoice({ model: name })}
            onFound={(found) =>
              setModels((all = []) => [...all.filter(({ name }) => name !== found.name), found])
            }
          />
          <details class="more">
            <summary>More choices</summary>
            <fieldset>
              <legend>How</legend>
              <label class="radio">
                <input
                  type="radio"
                  name="pace"
                  checked={choice.pace === 'thorough'}
                  onChange={() => setChoice({ pace: 'thorough' })}
                />
                <span>
                  <b>Thorough</b> keeps what the model knew, so that names it never trained still work.
                </span>
              </label>
              <label class="radio">
                <input
                  type="radio"
                  name="pace"
                  checked={choice.pace === 'quick'}
                  onChange={() => setChoice({ pace: 'quick' })}
                />
                <span>
                  <b>Quick</b> looks at every picture once. Good for a first look; other names work less well.
                </span>
              </label>
            </fieldset>
            <div class="numbers">
              <label>
                Pictures of each class to learn from
                <input
                  type="number"
                  min={1}
                  max={10_000}
                  value={choice.shots}
                  onChange={(event) => setChoice({ shots: wholeNumber(event.currentTarget, 16) })}
                />
              </label>
              <label>
                Passes over them
                <input
                  type="number"
                  min={1}
                  max={1000}
                  disabled={choice.pace === 'quick'}
                  value={choice.epochs}
                  onChange={(event) => setChoice({ epochs: wholeNumber(event.currentTarget, 20) })}
                />
              </label>
            </div>
          </details>
          <div class="buttons start">
            <button type="button" class="primary" disabled={needed.length > 0 || !model} onClick={train}>
              {model?.here === false
                ? `Download${model.bytes ? ` ${megabytes(model.bytes)}` : ''} and train`
                : run
                  ? 'Train again'
                  : 'Train'}
            </button>
            {stopped && (
              <button type="button" onClick={() => void attempt(() => place.resume(stopped.name))}>
                Go on with {stopped.name} ({stopped.done} of {stopped.epochs} passes done)
              </button>
            )}
            {needed.map(({ message }) => (
              <span class="problem" key={message}>
                {message}
              </span>
            ))}
          </div>
        </section>
      )}
      {run && !busy && (
        <Result studio={studio} run={run} runs={finished} choose={setChosenRun} next={next} train={train} />
      )}
    </>
  )
}

function wholeNumber(field: HTMLInputElement, otherwise: number): number {
  const value = Math.round(field.valueAsNumber)
  const given = Number.isFinite(value) ? value : otherwise
  return Math.min(Number(field.max), Math.max(Number(field.min), given))
}

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
function Progress({ studio: { place, attempt }, state, again }: ProgressProps) {
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

interface ResultProps {
  readonly studio: Studio
  readonly run: RunSummary
  readonly runs: readonly RunSummary[]
  readonly choose: (run: string) => void
  readonly next: () => void
  readonly train: () => void
}

/** What a finished run has learned. */
function Result({ studio, run, runs, choose, next, train }: ResultProps) {
  const { accuracy } = run
  return (
    <section class="result" aria-labelledby="result">
      <header>
        <h2 id="result">What it learned</h2>
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
      </header>
      {accuracy ? (
        <div class="score">
          <Score title="After training" share={accuracy.trained} main />
          <Score title="The model without training" share={accuracy.zeroShot} />
          <p class="note">
            Right answers on {counted(accuracy.pictures, 'picture')} that it did not learn from.
            {accuracy.pictures < 20 && ' So few tell it only roughly: more pictures make it surer.'}
          </p>
        </div>
      ) : (
        <p class="note">No picture was kept apart to check it by. Add more, and train again.</p>
      )}
      <div class="buttons">
        <button type="button" class="primary" onClick={next}>
          Try it
        </button>
      </div>
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
