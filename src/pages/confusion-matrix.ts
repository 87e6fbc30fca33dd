import { accent, chart, ink, loadPlot, muted, onAccent } from './chart.js'

/** More classes than this make the matrix unreadable; the most frequent confusions tell more. */
const MOST_CLASSES = 50
/** Up to so many classes the cells are large enough for numbers. */
const NUMBERED = 24
/** Letters of a class name beside the matrix. */
const LETTERS = 24

/** The confusion matrix as a heat map, or nothing where there are too many classes. */
export async function confusionMatrix(
  classNames: readonly string[],
  confusion: readonly (readonly number[])[],
): Promise<string> {
  const n = classNames.length
  if (n > MOST_CLASSES) return ''
  const { axisX, axisY, cell, text } = await loadPlot()
  const data = confusion.flatMap((row, i) => {
    const total = row.reduce((sum, images) => sum + images, 0)
    return row.map((images, j) => ({ truth: i, seen: j, percent: total === 0 ? 0 : (100 * images) / total }))
  })
  const seen = data.filter(({ percent }) => percent > 0)
  const side = n <= NUMBERED ? 30 : 16
  const label = (i: number) => shorten(classNames[i]!)
  const margin = 14 + 6.6 * Math.max(...classNames.map((name) => Math.min(name.length, LETTERS)))
  const classes = Array.from({ length: n }, (_, i) => i)
  const place = { x: 'seen', y: 'truth', inset: 0.5 }
  const fontSize = n <= NUMBERED ? 12 : 11
  const svg = await chart(
    {
      width: margin + side * n + 4,
      height: margin + side * n + 4,
      marginLeft: margin,
      marginTop: margin,
      marginRight: 4,
      marginBottom: 4,
      x: { domain: classes, padding: 0 },
      y: { domain: classes, padding: 0 },
      opacity: { domain: [0, 100], range: [0.06, 1] },
      marks: [
        axisX({ anchor: 'top', label: null, tickSize: 0, tickRotate: -90, tickFormat: label, fontSize }),
        axisY({ label: null, tickSize: 0, tickFormat: label, fontSize }),
        cell(data, { ...place, fill: accent, fillOpacity: 'percent' }),
        cell(classes, { x: (i) => i, y: (i) => i, inset: 0.5, fill: 'none', stroke: muted }),
        ...(n <= NUMBERED
          ? [
              text(seen, {
                x: 'seen',
                y: 'truth',
                text: ({ percent }: { percent: number }) => percent.toFixed(0),
                fill: ({ percent }: { percent: number }) => (percent > 55 ? onAccent : ink),
                fontSize: 11,
              }),
            ]
          : []),
      ],
    },
    `Confusion matrix of ${n} classes: share of the images of each true class (row) recognised as each class (column). The table of the most frequent confusions lists its largest entries.`,
  )
  return `<figure><figcaption><h3>Confusion matrix</h3>Rows are true classes, columns what their images were recognised as, in percent of the row; the diagonal is outlined.</figcaption><div class="scroll natural" tabindex="0" role="group" aria-label="Confusion matrix">${svg}</div></figure>`
}

const shorten = (name: string) => (name.length > LETTERS ? `${name.slice(0, LETTERS - 1)}…` : name)
