import { csvLine } from '../lab/results/formats/csv.js'
import { printable } from '../lab/results/formats/printable.js'
import type { ImageAnswer } from '../node/predict/answer-file.js'

/** How answers are written. */
export const predictFormats = ['text', 'csv', 'jsonl'] as const
export type PredictFormat = (typeof predictFormats)[number]

/** What a format needs to know of all answers. */
export interface AnswerColumns {
  /** Classes of each image. */
  readonly top: number
  /** Whether there is a second, calibrated probability. */
  readonly calibrated: boolean
}

/** A format: what stands before all answers, and an answer. */
export interface AnswerWriter {
  readonly head: string
  readonly line: (answer: ImageAnswer) => string
}

/** The writer of a format. */
export function answerWriter(format: PredictFormat, columns: AnswerColumns): AnswerWriter {
  if (format === 'jsonl') return { head: '', line: (answer) => `${JSON.stringify(answer)}\n` }
  if (format === 'text') {
    return { head: '', line: (answer) => printable(textOf(answer), Number.POSITIVE_INFINITY) }
  }
  const ofClass = ['class', 'probability', ...(columns.calibrated ? ['calibrated'] : [])]
  const classes = Array.from({ length: columns.top }, (_, i) => ofClass.map((name) => `${name}_${i + 1}`))
  return {
    head: csvLine(['image', 'answer', ...classes.flat(), 'score', 'threshold', 'error']),
    line: (answer) => csvOf(answer, columns),
  }
}

/** The likeliest class, or that it is none of them. */
const shortAnswer = (answer: ImageAnswer): string | undefined => {
  if ('error' in answer) return undefined
  return answer.accepted === false ? 'none of these' : answer.classes[0]!.className
}

/** Probabilities; before them, that an image is of none of the classes. */
function textOf(answer: ImageAnswer): string {
  if ('error' in answer) return `${answer.image}: ${answer.error}\n`
  const { image, classes, score, accepted, threshold } = answer
  const rows = classes.map(({ className, probability }) => {
    return `  ${(100 * probability).toFixed(1).padStart(5)} %  ${className}\n`
  })
  const none =
    accepted === false
      ? `  none of these: score ${score!.toFixed(6)}, threshold ${threshold!.toFixed(6)}\n`
      : ''
  return `${image}\n${none}${rows.join('')}`
}

function csvOf(answer: ImageAnswer, { top, calibrated }: AnswerColumns): string {
  const { image } = answer
  const known = 'error' in answer ? undefined : answer
  const classes = Array.from({ length: top }, (_, i) => {
    const found = known?.classes[i]
    const own = [found?.className ?? null, found?.probability ?? null]
    return calibrated ? [...own, found?.calibrated ?? null] : own
  })
  return csvLine([
    image,
    shortAnswer(answer) ?? null,
    ...classes.flat(),
    known?.score ?? null,
    known?.threshold ?? null,
    'error' in answer ? answer.error : null,
  ])
}

/** Classes named in a summary. */
const SUMMED = 10

/** Counts answers by class, for the summary at the end. */
export class AnswerCount {
  private readonly counts = new Map<string, number>()
  readable = 0
  unreadable = 0

  add(answer: ImageAnswer): void {
    const short = shortAnswer(answer)
    if (short === undefined) {
      this.unreadable++
      return
    }
    this.readable++
    this.counts.set(short, (this.counts.get(short) ?? 0) + 1)
  }

  /** @param left what is said of images that cannot be read */
  summary(left: string): string {
    const falling = [...this.counts].sort((a, b) => b[1] - a[1])
    const named = falling.slice(0, SUMMED).map(([name, count]) => `${name} ${count.toLocaleString('en')}`)
    const more = falling.length > SUMMED ? [`${falling.length - SUMMED} other classes`] : []
    const unreadable = this.unreadable > 0 ? `; ${this.unreadable.toLocaleString('en')} ${left}` : ''
    return `${[...named, ...more].join(', ')}${unreadable}`
  }
}
