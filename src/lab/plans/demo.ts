import type { Comparison } from './comparison.js'
import { type Entry, methodEntries } from './entries.js'
import { rowsOf } from './figures.js'

/** Rows of the demo: zero-shot CLIP, prompts without regulation, and PromptSRC. */
export const demoEntries = (): Entry[] =>
  methodEntries(['zero-shot', 'ivlp', 'promptsrc'], true).map((entry) =>
    entry.method === 'ivlp' ? { ...entry, title: 'IVLP (cross-entropy only)' } : entry,
  )

/** Accuracy in percent on base and novel classes and their harmonic mean. */
interface BaseNovel {
  readonly base: number
  readonly novel: number
  readonly hm: number
}

/** The demo's figures by method: means over seeds, and their standard deviations (0 for one run). */
export function demoFigures(comparison: Comparison): Record<string, BaseNovel & { readonly std: BaseNovel }> {
  return Object.fromEntries(
    rowsOf(comparison).map(({ entry, base, novel, hm }) => [
      entry.label,
      {
        base: base.mean,
        novel: novel!.mean,
        hm: hm!.mean,
        std: { base: base.std ?? 0, novel: novel!.std ?? 0, hm: hm!.std ?? 0 },
      },
    ]),
  )
}
