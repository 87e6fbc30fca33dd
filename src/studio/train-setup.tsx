import { counted } from '../core/counted.js'
import type { ModelChoice, TrainChoice } from '../core/studio/place.js'
import { ModelPicker } from './model-picker.js'
import { megabytes, type Studio } from './store.js'

interface TrainSetupProps {
  readonly studio: Studio
  readonly models: readonly ModelChoice[] | undefined
  readonly choice: TrainChoice
  /** What must be done before. */
  readonly needed: readonly string[]
  /** Whether something was trained already. */
  readonly again: boolean
  readonly change: (change: Partial<TrainChoice>) => void
  readonly found: (model: ModelChoice) => void
  readonly train: () => void
}

/** How to train. */
export function TrainSetup({ studio, models, choice, needed, again, change, found, train }: TrainSetupProps) {
  const { place, project, training, attempt } = studio
  const model = models?.find(({ name }) => name === choice.model)
  const pictures = project.classes.reduce((sum, each) => sum + each.pictures.length, 0)
  const stopped = project.runs.find((run) => !run.finished && run.done > 0 && run.name !== training.run)
  return (
    <section class="setup" aria-label="Training">
      <p class="lead">
        {counted(project.classes.length, 'class', 'classes')}, {counted(pictures, 'picture')}. About a third
        of each class is kept apart, to check what was learned.
      </p>
      <ModelPicker
        studio={studio}
        models={models}
        chosen={choice.model}
        onChosen={(name) => change({ model: name })}
        onFound={found}
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
              onChange={() => change({ pace: 'thorough' })}
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
              onChange={() => change({ pace: 'quick' })}
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
              onChange={(event) => change({ shots: wholeNumber(event.currentTarget, 16) })}
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
              onChange={(event) => change({ epochs: wholeNumber(event.currentTarget, 20) })}
            />
          </label>
        </div>
      </details>
      <div class="buttons start">
        <button type="button" class="primary" disabled={needed.length > 0 || !model} onClick={train}>
          {model?.here === false
            ? `Download${model.bytes ? ` ${megabytes(model.bytes)}` : ''} and train`
            : again
              ? 'Train again'
              : 'Train'}
        </button>
        {stopped && (
          <button type="button" onClick={() => void attempt(() => place.resume(stopped.name))}>
            Go on with {stopped.name} ({stopped.done} of {stopped.epochs} passes done)
          </button>
        )}
        {needed.map((message) => (
          <span class="problem" key={message}>
            {message}
          </span>
        ))}
      </div>
    </section>
  )
}

function wholeNumber(field: HTMLInputElement, otherwise: number): number {
  const value = Math.round(field.valueAsNumber)
  const given = Number.isFinite(value) ? value : otherwise
  return Math.min(Number(field.max), Math.max(Number(field.min), given))
}
