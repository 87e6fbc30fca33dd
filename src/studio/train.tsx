import { useEffect, useState } from 'preact/hooks'
import { adviceFor, proposedPasses } from '../core/studio/advice.js'
import type { ModelChoice, Project, TrainChoice } from '../core/studio/place.js'
import { isBusy } from '../core/studio/training-state.js'
import type { Studio } from './store.js'
import { TrainProgress } from './train-progress.js'
import { TrainResult } from './train-result.js'
import { TrainSetup } from './train-setup.js'

interface TrainProps {
  readonly studio: Studio
  readonly collect: () => void
  readonly next: () => void
}

/** Choices stay while the page is open; no passes are as many as are proposed. */
let lastChoice: TrainChoice = { model: '', download: false, pace: 'thorough', shots: 16, epochs: 0 }

/** The second step: learning, and a look at what was learned. */
export function Train({ studio, collect, next }: TrainProps) {
  const { place, project, training, attempt } = studio
  const [models, setModels] = useState<readonly ModelChoice[]>()
  const [chosen, setChoice] = useState(lastChoice)
  const counts = project.classes.map(({ pictures }) => pictures.length)
  const choice = { ...chosen, epochs: chosen.epochs || proposedPasses(counts, chosen.shots) }
  const [chosenRun, setChosenRun] = useState<string>()
  const change = (changed: Partial<TrainChoice>) => {
    lastChoice = { ...lastChoice, ...changed }
    setChoice(lastChoice)
  }
  useEffect(() => {
    void attempt(async () => setModels(await place.models()))
  }, [place, attempt])
  useEffect(() => {
    if (!models || lastChoice.model !== '') return
    lastChoice = { ...lastChoice, model: usualModel(models, project) }
    setChoice(lastChoice)
  }, [models, project])

  const needed = adviceFor(project.classes.map(({ name, pictures }) => ({ name, pictures: pictures.length })))
    .filter(({ kind }) => kind === 'needed')
    .map(({ message }) => message)
  const busy = isBusy(training)
  const finished = project.runs.filter((run) => run.finished)
  const run = finished.find(({ name }) => name === chosenRun) ?? finished[0]
  const train = () => {
    setChosenRun(undefined)
    const model = models?.find(({ name }) => name === choice.model)
    void attempt(() => place.train({ ...choice, download: model?.here === false }))
  }
  if (needed.length > 0 && !busy && !run) {
    return (
      <>
        <h1 tabIndex={-1}>Train</h1>
        <div class="banner">
          {needed.map((message) => (
            <p key={message}>{message}</p>
          ))}
          <button type="button" class="primary" onClick={collect}>
            Go to Collect
          </button>
        </div>
      </>
    )
  }
  const setup = (
    <TrainSetup
      studio={studio}
      models={models}
      choice={choice}
      needed={needed}
      again={run !== undefined}
      change={change}
      found={(model) => setModels((all = []) => [...all.filter(({ name }) => name !== model.name), model])}
      train={train}
    />
  )
  const endedEarly = training.phase === 'stopped' || training.phase === 'failed'
  return (
    <>
      <h1 tabIndex={-1}>{busy ? 'Learning from your pictures' : run ? 'What it learned' : 'Train'}</h1>
      {(busy || endedEarly) && <TrainProgress studio={studio} state={training} again={train} />}
      {!busy && run && (
        <TrainResult
          key={run.name}
          studio={studio}
          run={run}
          runs={finished}
          choose={setChosenRun}
          next={next}
          train={train}
        />
      )}
      {!busy &&
        (run ? (
          <details class="again">
            <summary>Train again, with the same or other choices</summary>
            {setup}
          </details>
        ) : (
          setup
        ))}
    </>
  )
}

/** The model of the last training, else one for what the pictures seem to be that can be had. */
function usualModel(models: readonly ModelChoice[], { runs, classes }: Project): string {
  const small = models[0]!
  const used = models.find(({ name }) => name === runs[0]?.model)
  if (used) return used.name
  const drawn = classes.every(({ pictures }) => pictures.every((name) => name.startsWith('drawn-')))
  if (drawn) return small.name
  const forPhotos = models.filter((model) => model !== small)
  return (forPhotos.find(({ here }) => here) ?? forPhotos.find(({ bytes }) => bytes) ?? small).name
}
