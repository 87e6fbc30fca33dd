import { counted } from '../core/counted.js'
import type { JudgedPicture } from './mistakes-of.js'

/** A place in the matrix: the pictures of one class that are taken for one. */
export interface Cell {
  readonly truth: number
  readonly seen: number
}

/** What is in a cell, in words. */
export const cellLabel = ({ truth, seen }: Cell, pictures: number, names: readonly string[]): string =>
  `${counted(pictures, 'picture')} of ${names[truth]}, ${seen === truth ? 'seen as such' : `taken for ${names[seen]}`}`

interface MatrixProps {
  readonly names: readonly string[]
  readonly matrix: readonly (readonly (readonly JudgedPicture[])[])[]
  readonly cell: Cell | undefined
  readonly choose: (cell: Cell) => void
}

/** Classes (rows) by what a run says (columns); a number shows its pictures. */
export function ConfusionMatrix({ names, matrix, cell, choose }: MatrixProps) {
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
                        aria-label={cellLabel({ truth, seen }, length, names)}
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
