interface CurveProps {
  readonly title: string
  /** What the values are of, for those who do not see the line. */
  readonly unit: string
  readonly values: readonly number[]
  /** Values that there will be. */
  readonly total: number
  readonly top?: number
  readonly colour: 'accent' | 'right'
}

const WIDTH = 460
const HEIGHT = 140
const LEFT = 34
const BOTTOM = 18

/** A value after each epoch, as a line that grows from left to right. */
export function Curve({ title, unit, values, total, top, colour }: CurveProps) {
  const most = top ?? niceTop(Math.max(0.01, ...values))
  const x = (i: number) => LEFT + ((WIDTH - LEFT - 6) * (i + 1)) / Math.max(1, total)
  const y = (value: number) => 6 + (HEIGHT - BOTTOM - 6) * (1 - Math.min(value, most) / most)
  const last = values.at(-1)
  const say = (value: number) => `${value >= 10 ? Math.round(value) : value.toFixed(2)}${unit}`
  const described =
    last === undefined
      ? `${title}: no values yet`
      : `${title}: ${say(values[0]!)} after the first pass, ${say(last)} after pass ${values.length} of ${total}`
  return (
    <figure class={`curve ${colour}`}>
      <figcaption>
        {title} {last !== undefined && <b>{say(last)}</b>}
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={described}>
        {[0, most / 2, most].map((value) => (
          <g key={value}>
            <line class="grid" x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">
              {value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)}
            </text>
          </g>
        ))}
        <text x={LEFT} y={HEIGHT - 3}>
          1
        </text>
        <text x={WIDTH - 2} y={HEIGHT - 3} text-anchor="end">
          pass {total}
        </text>
        <polyline points={values.map((value, i) => `${x(i)},${y(value)}`).join(' ')} />
        {last !== undefined && <circle cx={x(values.length - 1)} cy={y(last)} r="3.5" />}
      </svg>
    </figure>
  )
}

/** The next number of one digit. */
function niceTop(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value))
  return Math.ceil(value / step) * step
}
