import type { ContextPrompt } from '../core/interpret/context-words.js'
import type { ImageAttention, View } from '../core/interpret/image-attention.js'
import type { Interpretation } from '../core/interpret/interpret-run.js'
import { displayName } from '../core/interpret/token-name.js'
import { formatTable } from '../lab/results/formats/text-table.js'

/** Prompts that are printed; the others are in the report and in the JSON. */
const PRINTED = 8

/** An interpretation for the terminal. */
export function interpretationText({ context, images }: Interpretation, noImages: string): string {
  const parts =
    context.length === 0
      ? ['no context was learned at the input of the text tower: there are no words to show']
      : [
          'tokens nearest to each context vector, with the Euclidean distance',
          ...context.slice(0, PRINTED).map(words),
        ]
  if (context.length > PRINTED) {
    parts.push(`… ${context.length - PRINTED} more prompts in the report and with --json`)
  }
  parts.push(images.length > 0 ? looks(images) : `no pictures: ${noImages}`)
  return `${parts.join('\n\n')}\n`
}

function words({ name, vectors }: ContextPrompt): string {
  const ranks = vectors[0]!.nearest.map((_, i) => (i === 0 ? 'nearest' : `${i + 1}`))
  const rows = vectors.map(({ start, nearest, meanDistance }, i) => [
    `${i + 1}`,
    start ? (start.word ? displayName(start.word) : 'random') : '-',
    start ? start.distance.toFixed(3) : '-',
    ...nearest.map((near) => `${displayName(near)} ${near.distance.toFixed(3)}`),
    meanDistance.toFixed(3),
  ])
  const table = formatTable(['vector', 'began as', 'moved', ...ranks, 'average'], rows)
  return name === undefined ? table : `${name}\n${table}`
}

function looks(images: readonly ImageAttention[]): string {
  const seen = ({ classes: [first] }: View) => `${first!.className} ${percent(first!.probability)}`
  const truths = images.some(({ truth }) => truth !== undefined)
  const rows = images.map(({ name, truth, before, after }) => [
    name,
    ...(truths ? [truth ?? '-'] : []),
    seen(before),
    seen(after),
    percent(after.prompts),
  ])
  return formatTable(['image', ...(truths ? ['class'] : []), 'frozen CLIP', 'prompted', 'to prompts'], rows)
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
