import { useEffect, useRef, useState } from 'preact/hooks'
import { counted } from '../core/counted.js'
import type { Place } from '../core/studio/place.js'
import { isBusy, shareDone } from '../core/studio/training-state.js'
import { Collect } from './collect.js'
import { Notices } from './notices.js'
import { percent, type Studio, useStudio } from './store.js'
import { Train } from './train.js'
import { Try } from './try.js'

const steps = ['collect', 'train', 'try'] as const
type Step = (typeof steps)[number]

const titles: Readonly<Record<Step, string>> = { collect: 'Collect', train: 'Train', try: 'Try' }

const stepOfAddress = (): Step => steps.find((step) => location.hash === `#${step}`) ?? 'collect'

/** The whole page. */
export function App({ place }: { readonly place: Place }) {
  const studio = useStudio(place)
  const [step, setStep] = useState(stepOfAddress)
  const main = useRef<HTMLElement>(null)
  useEffect(() => {
    const follow = () => {
      setStep(stepOfAddress())
      window.scrollTo(0, 0)
    }
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  useEffect(() => {
    document.title = `${titles[step]} – ${studio?.project.name ?? 'Studio'}`
  }, [step, studio?.project.name])
  if (!studio) return <p class="loading">Opening the project…</p>
  const go = (to: Step) => {
    location.hash = to
    // Who does not see the page change hears its heading.
    setTimeout(() => main.current?.querySelector<HTMLElement>('h1')?.focus())
  }
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the content
      </button>
      <header class="top">
        <div class="brand">
          <img src="icon.svg" alt="" width="32" height="32" />
          <div>
            <strong>{studio.project.name}</strong>
            <span class="where">
              {place.kind === 'computer'
                ? 'On this computer. Nothing is sent anywhere.'
                : 'In this tab. Nothing is sent anywhere.'}
            </span>
          </div>
        </div>
        <nav aria-label="Steps">
          <ol>
            {steps.map((each, i) => (
              <li key={each}>
                <a href={`#${each}`} aria-current={each === step ? 'step' : undefined}>
                  <span class="number" aria-hidden="true">
                    {i + 1}
                  </span>
                  <span class="name">{titles[each]}</span>
                  <small>{stateOf(each, studio)}</small>
                </a>
              </li>
            ))}
          </ol>
        </nav>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {!studio.connected && (
          <p class="banner problem" role="alert">
            <b>The studio on this computer does not answer.</b> Start it again by the same command, and open
            the address that it prints. Nothing is lost.
          </p>
        )}
        {studio.project.problems.map((problem) => (
          <p class="banner" key={problem}>
            {problem}
          </p>
        ))}
        {step === 'collect' && <Collect studio={studio} next={() => go('train')} />}
        {step === 'train' && <Train studio={studio} collect={() => go('collect')} next={() => go('try')} />}
        {step === 'try' && <Try studio={studio} train={() => go('train')} />}
      </main>
      <Notices studio={studio} />
    </>
  )
}

/** Where a step stands, in a few words. */
function stateOf(step: Step, { project, training }: Studio): string {
  const pictures = project.classes.reduce((sum, each) => sum + each.pictures.length, 0)
  if (step === 'collect') {
    return project.classes.length === 0
      ? 'pictures into classes'
      : `${counted(project.classes.length, 'class', 'classes')}, ${counted(pictures, 'picture')}`
  }
  const finished = project.runs.find((run) => run.finished)
  if (step === 'train') {
    if (isBusy(training)) {
      const share = training.phase === 'training' ? shareDone(training) : undefined
      return share === undefined ? 'at work…' : `${percent(share)} done`
    }
    return finished
      ? finished.accuracy
        ? `${Math.round(finished.accuracy.trained)} % right`
        : 'trained'
      : 'learn from them'
  }
  return finished ? 'ready' : 'after training'
}
