import { useState } from 'preact/hooks'
import type { RunSummary, StudioAnswer } from '../core/studio/place.js'
import { percent } from './store.js'

/** Classes that are shown at once. */
const SHOWN = 8

interface AnswerProps {
  readonly answer: StudioAnswer | undefined
  readonly problem: string | undefined
  readonly busy: boolean
  readonly added: readonly string[]
  readonly live: boolean
}

/** What was said, with all probabilities. */
export function Answer({ answer, problem, busy, added, live }: AnswerProps) {
  const said = answer && (answer.answer ?? 'None of these')
  return (
    <>
      <div class="said" role="status" aria-live={live ? 'off' : 'polite'} aria-busy={busy}>
        {problem ? (
          <p class="problem">{problem}</p>
        ) : said ? (
          <p class={answer.answer === null ? 'none' : ''}>
            <span class="note">It says</span>
            <strong>{said}</strong>
            {answer.answer === null && (
              <span class="note">
                Unlike everything it learned; closest is {answer.classes[0]!.className}.
              </span>
            )}
          </p>
        ) : (
          <p class="note">{busy ? 'Looking…' : 'The answer comes here.'}</p>
        )}
      </div>
      {answer && !answer.canReject && (
        <p class="note">
          It cannot say “None of these”: no pictures were kept apart to learn from where they end.
        </p>
      )}
      {answer && (
        <ul class="bars" aria-label="How likely each class is">
          {answer.classes.slice(0, SHOWN).map(({ className, probability }, i) => (
            <li key={className} class={i === 0 && answer.answer !== null ? 'first' : ''}>
              <span class="name">
                {className}
                {added.some((name) => name.toLowerCase() === className.toLowerCase()) && (
                  <small>not trained</small>
                )}
              </span>
              <span class="value">{percent(probability)}</span>
              <span class="bar" aria-hidden="true">
                <i style={{ width: `${100 * probability}%` }} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

interface AddedNamesProps {
  readonly run: RunSummary
  readonly added: readonly string[]
  readonly change: (names: readonly string[]) => void
}

/** Names that were never trained, to choose from as well. */
export function AddedNames({ run, added, change }: AddedNamesProps) {
  const [problem, setProblem] = useState<string>()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const name = `${new FormData(form).get('name') ?? ''}`.trim().replaceAll(/[\s_]+/g, ' ')
    if (name === '') return
    const known = [...run.classNames, ...added].some((each) => each.toLowerCase() === name.toLowerCase())
    setProblem(known ? `“${name}” is among the classes already.` : undefined)
    if (known) return
    change([...added, name])
    form.reset()
  }
  return (
    <form class="names" onSubmit={submit}>
      <label>
        Could it be something else? Name it; no training needed.
        <span class="field">
          <input
            name="name"
            autocomplete="off"
            maxLength={80}
            placeholder="such as “border collie”"
            aria-invalid={problem !== undefined}
          />
          <button type="submit">Add</button>
        </span>
      </label>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {added.length > 0 && (
        <ul class="chips" aria-label="Names added">
          {added.map((name) => (
            <li key={name}>
              {name}
              <button
                type="button"
                class="quiet icon"
                aria-label={`Take ${name} away`}
                onClick={() => change(added.filter((each) => each !== name))}
              >
                <svg viewBox="0 0 20 20" aria-hidden="true">
                  <path d="M6 6l8 8M14 6l-8 8" />
                </svg>
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  )
}
