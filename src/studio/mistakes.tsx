import { useEffect, useMemo, useState } from 'preact/hooks'
import { counted } from '../core/counted.js'
import type { RunSummary } from '../core/studio/place.js'
import type { StudioReport } from '../core/studio/report.js'
import { Choice } from './choice.js'
import { type Cell, ConfusionMatrix, cellLabel } from './confusion-matrix.js'
import { Gallery } from './gallery.js'
import { judgedPictures, Moves, matrixOf } from './mistakes-of.js'
import { problemOf, type Studio } from './store.js'

interface MistakesProps {
  readonly studio: Studio
  readonly run: RunSummary
  readonly train: () => void
}

/** More classes than this are listed by their mistakes alone. */
const MOST_CLASSES = 20

/** Pictures stay known while the page is open, whatever run is looked at. */
const moves = new Moves()

/** Which pictures a run takes for something else, to look at and to put right. */
export function Mistakes({ studio, run, train }: MistakesProps) {
  const { place, project, attempt } = studio
  const [report, setReport] = useState<StudioReport>()
  const [problem, setProblem] = useState<string>()
  const [which, setWhich] = useState<'trained' | 'zeroShot'>('trained')
  const [apart, setApart] = useState(true)
  const [chosen, setChosen] = useState<Cell>()
  useEffect(() => {
    setReport(undefined)
    setProblem(undefined)
    setChosen(undefined)
    place.report(run.name).then(setReport, (error) => {
      const { message, hint } = problemOf(error)
      setProblem(`${message} ${hint ?? ''}`)
    })
  }, [place, run.name])
  const judged = useMemo(() => (report ? judgedPictures(report, project, moves) : []), [report, project])
  const noneApart = judged.every(({ learned }) => learned)
  const shown = judged.filter(({ learned }) => !(apart && !noneApart && learned))
  const names = report?.classes.map(({ name }) => name) ?? []
  const matrix = useMemo(() => matrixOf(shown, names.length, which), [shown, names.length, which])
  if (problem) {
    return (
      <div class="banner">
        <p>{problem}</p>
        <button type="button" onClick={() => void attempt(() => place.resume(run.name))}>
          Check it now
        </button>
      </div>
    )
  }
  if (!report) return <p role="status">Looking at its answers…</p>
  const mistakes = matrix.flatMap((row, truth) =>
    row.flatMap((pictures, seen) =>
      seen !== truth && pictures.length > 0 ? [{ truth, seen, pictures }] : [],
    ),
  )
  const wrong = mistakes.reduce((sum, { pictures }) => sum + pictures.length, 0)
  const moved = judged.filter((each) => each.moved).length
  const largest = mistakes.reduce<(typeof mistakes)[number] | undefined>(
    (most, each) => (most && most.pictures.length >= each.pictures.length ? most : each),
    undefined,
  )
  // Where nobody has chosen, the most frequent mistake is shown.
  const cell = chosen ?? largest
  const open = cell && matrix[cell.truth]?.[cell.seen]
  return (
    <section class="mistakes" aria-labelledby="mistakes">
      <h3 id="mistakes">
        {wrong === 0 ? 'No mistakes' : counted(wrong, 'mistake')} among {counted(shown.length, 'picture')}
      </h3>
      <div class="switches">
        <fieldset>
          <legend class="hidden">Pictures</legend>
          <Choice
            name="which-pictures"
            checked={apart && !noneApart}
            disabled={noneApart}
            onChosen={() => setApart(true)}
          >
            Pictures it had not seen
          </Choice>
          <Choice name="which-pictures" checked={!apart || noneApart} onChosen={() => setApart(false)}>
            All pictures
          </Choice>
        </fieldset>
        <fieldset>
          <legend class="hidden">Answers</legend>
          <Choice name="which-answers" checked={which === 'trained'} onChosen={() => setWhich('trained')}>
            After training
          </Choice>
          <Choice name="which-answers" checked={which === 'zeroShot'} onChosen={() => setWhich('zeroShot')}>
            Without
          </Choice>
        </fieldset>
      </div>
      <div class="looking">
        {names.length <= MOST_CLASSES ? (
          <ConfusionMatrix names={names} matrix={matrix} cell={cell} choose={setChosen} />
        ) : (
          <ul class="confusions">
            {mistakes
              .sort((a, b) => b.pictures.length - a.pictures.length)
              .slice(0, 30)
              .map(({ truth, seen, pictures }) => (
                <li key={`${truth} ${seen}`}>
                  <button type="button" onClick={() => setChosen({ truth, seen })}>
                    {names[truth]} taken for {names[seen]}: {pictures.length}
                  </button>
                </li>
              ))}
          </ul>
        )}
        <div class="of-cell" aria-live="polite">
          {cell && open ? (
            <Gallery
              studio={studio}
              report={report}
              which={which}
              pictures={open}
              moved={(from, now) => moves.moved(from, now)}
              title={cellLabel(cell, open.length, names)}
            />
          ) : (
            <p class="note">
              Rows are your classes, columns what it says. Choose a number to see its pictures; a picture in
              the wrong class can be moved there.
            </p>
          )}
        </div>
      </div>
      {moved > 0 && (
        <p class="banner" role="status">
          {counted(moved, 'picture')} {moved === 1 ? 'was' : 'were'} moved since.{' '}
          <button type="button" class="primary" onClick={train}>
            Train again
          </button>
        </p>
      )}
    </section>
  )
}
