import type { RgbImage } from '../../src/core/image/resize.js'
import type { ContextPrompt } from '../../src/core/interpret/context-words.js'
import type { ImageAttention, View } from '../../src/core/interpret/image-attention.js'
import { randomStream } from '../../src/core/random.js'
import type { ReportData } from '../../src/pages/report-data.js'

/** What a sample interpretation is made of. */
export interface InterpretationSampleOptions {
  /** Words near every vector, nearest first. */
  readonly words: readonly string[]
  /** Names of prompts; none for one shared by all classes. */
  readonly prompts?: readonly string[]
  /** Classes of the images; the first is recognised after prompting, the second before. */
  readonly classNames: readonly [string, string, ...string[]]
  /** Pixels a side. */
  readonly side?: number
}

/** The report of an interpretation, made of drawn numbers; equal options give equal data. */
export function interpretationSample({
  words,
  prompts,
  classNames,
  side = 48,
}: InterpretationSampleOptions): ReportData {
  const [first, ...others] = classNames.map((truth, i) => look(truth, classNames, i, side))
  return {
    title: 'What PromptSRC learned',
    subtitle: 'ViT-B/16, 2 classes',
    date: '2026-03-05T14:07:00.000Z',
    context: {
      caption: 'The nearest tokens.',
      prompts: prompts
        ? prompts.map((name) => ({ name, vectors: vectors(words) }))
        : [{ vectors: vectors(words) }],
    },
    attention: { caption: 'Before and after.', items: [first!, ...others] },
    facts: {},
  }
}

const vectors = (words: readonly string[]): ContextPrompt['vectors'] =>
  [0, 1, 2].map((i) => ({
    norm: 0.4,
    start: { ...(i < 2 ? { word: { text: words[i]!, wordEnd: true } } : {}), distance: 0.01 * (i + 1) },
    nearest: words.map((text, k) => ({
      text,
      wordEnd: k % 2 === 0,
      id: k,
      distance: 0.1 * (k + i + 1),
      cosine: 0.9 - 0.2 * k,
    })),
    meanDistance: 0.55,
  }))

function look(truth: string, classNames: readonly string[], index: number, side: number): ImageAttention {
  const random = randomStream(index, 'look')
  const grid = 6
  const view = (prompts: number, seen: string): View => {
    const raw = Array.from({ length: grid ** 2 }, () => random.uniform() ** 2)
    const total = raw.reduce((sum, value) => sum + value, 0)
    return {
      classes: [
        { className: seen, probability: 0.75 },
        { className: classNames.find((name) => name !== seen)!, probability: 0.25 },
      ],
      patches: Float64Array.from(raw, (value) => ((0.9 - prompts) * value) / total),
      classToken: 0.1,
      prompts,
    }
  }
  const image: RgbImage = {
    width: side,
    height: side,
    data: Uint8Array.from({ length: 3 * side ** 2 }, () => random.integer(256)),
  }
  return {
    name: `photo ${index}.jpg`,
    truth,
    image,
    grid,
    before: view(0, classNames[1]!),
    after: view(0.25, classNames[0]!),
  }
}
