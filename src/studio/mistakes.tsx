import { useEffect, useMemo, useState } from 'preact/hooks'
import { counted } from '../core/counted.js'
import type { PictureRef, RunSummary } from '../core/studio/place.js'
import type { StudioReport } from '../core/studio/report.js'
import { type JudgedPicture, judgedPictures, Moves, matrixOf } from './mistakes-of.js'
import { Picture } from './picture.js'
import { percent, problemOf, type Studio } from './store.js'

interface MistakesProps {
  readonly studio: Studio
  readonly run: RunSummary
  readonly train: () => void
}

interface Cell {
  readonly truth: number
  readonly seen: number
}

/** More classes than this are listed by their mistakes alone. */
const MOST_CLASSES = 20
/** Pictures of a cell that are shown at once. */
const SHOWN = 24

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
          <Matrix names={names} matrix={matrix} cell={cell} choose={setChosen} />
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
              title={
                cell.truth === cell.seen
                  ? `${counted(open.length, 'picture')} of ${names[cell.truth]}, seen as such`
                  : `${counted(open.length, 'picture')} of ${names[cell.truth]}, taken for ${names[cell.seen]}`
              }
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

interface ChoiceProps {
  readonly name: string
  readonly checked: boolean
  readonly disabled?: boolean
  readonly onChosen: () => void
  readonly children: string
}

function Choice({ name, checked, disabled = false, onChosen, children }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name={name} checked={checked} disabled={disabled} onChange={onChosen} />
      <span>{children}</span>
    </label>
  )
}

interface MatrixProps {
  readonly names: readonly string[]
  readonly matrix: readonly (readonly (readonly JudgedPicture[])[])[]
  readonly cell: Cell | undefined
  readonly choose: (cell: Cell) => void
}

function Matrix({ names, matrix, cell, choose }: MatrixProps) {
  return (
    <div class="matrix-scroll">
      <table class="matrix">
        <caption class="hidden">Your classes (rows) and what it says (columns)</caption>
        <thead>
          <tr>
            <td />
            {names.map((name) => (
              <th scope="col" key={name}>
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((row, truth) => {
            const total = row.reduce((sum, pictures) => sum + pictures.length, 0)
            return (
              <tr key={names[truth]}>
                <th scope="row">{names[truth]}</th>
                {row.map(({ length }, seen) => (
                  <td key={names[seen]} class={seen === truth ? 'right' : 'wrong'}>
                    {length === 0 ? (
                      <span class="zero">0</span>
                    ) : (
                      <button
                        type="button"
                        style={{ '--share': `${length / total}` }}
                        class={length / total > 0.5 ? 'strong' : ''}
                        aria-pressed={cell?.truth === truth && cell.seen === seen}
                        aria-label={
                          seen === truth
                            ? `${counted(length, 'picture')} of ${names[truth]}, seen as such`
                            : `${counted(length, 'picture')} of ${names[truth]}, taken for ${names[seen]}`
                        }
                        onClick={() => choose({ truth, seen })}
                      >
                        {length}
                      </button>
                    )}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

interface GalleryProps {
  readonly studio: Studio
  readonly report: StudioReport
  readonly which: 'trained' | 'zeroShot'
  readonly pictures: readonly JudgedPicture[]
  readonly title: string
}

/** The pictures of a cell, each of which can be moved to its right class. */
function Gallery({ studio, report, which, pictures, title }: GalleryProps) {
  const { place, project, attempt, reload, tell } = studio
  const [dragged, setDragged] = useState<JudgedPicture>()
  const nameOf = (classId: string) => project.classes.find(({ id }) => id === classId)?.name ?? classId
  const shift = async (from: PictureRef, to: string): Promise<PictureRef> => {
    const now = await place.movePicture(from, to)
    moves.moved(from, now)
    return now
  }
  const move = async ({ classId, name }: PictureRef, to: string) => {
    if (to === classId) return
    await attempt(async () => {
      const now = await shift({ classId, name }, to)
      tell({
        kind: 'note',
        message: `${name} is in “${nameOf(to)}” now.`,
        action: { label: 'Undo', act: () => void attempt(() => shift(now, classId)).then(reload) },
      })
    })
    await reload()
  }
  return (
    <>
      <h4>{title}</h4>
      {pictures.length === 0 && <p class="note">None is left here.</p>}
      {dragged && (
        <div class="targets" aria-hidden="true">
          {project.classes
            .filter(({ id }) => id !== dragged.classId)
            .map(({ id, name }) => (
              <button
                type="button"
                tabIndex={-1}
                key={id}
                class="target"
                onDragOver={(event) => event.preventDefault()}
                onDrop={(event) => {
                  event.preventDefault()
                  void move(dragged, id)
                  setDragged(undefined)
                }}
              >
                {name}
              </button>
            ))}
        </div>
      )}
      <ul class="gallery">
        {pictures.slice(0, SHOWN).map((picture) => {
          const { classId, name, learned } = picture
          const { answer, probability } = picture[which]
          return (
            <li
              key={`${classId}/${name}`}
              draggable
              onDragStart={(event) => {
                event.dataTransfer?.setData('text/plain', name)
                setDragged(picture)
              }}
              onDragEnd={() => setDragged(undefined)}
            >
              <Picture place={place} picture={picture} alt={name} />
              <p>
                <b>{report.classes[answer]!.name}</b> {percent(probability)}
                {learned && <small> learned from</small>}
              </p>
              <label>
                <span class="hidden">Class of {name}</span>
                <select value={classId} onChange={(event) => void move(picture, event.currentTarget.value)}>
                  {project.classes.map(({ id, name: each }) => (
                    <option key={id} value={id}>
                      {id === classId ? `in ${each}` : `move to ${each}`}
                    </option>
                  ))}
                </select>
              </label>
            </li>
          )
        })}
      </ul>
      {pictures.length > SHOWN && <p class="note">The first {SHOWN} of them.</p>}
    </>
  )
}
