import type { WeightEntry } from './state-dict.js'

/**
 * open_clip's models with a separate text tower put `text.` before the names of the text side and are otherwise named
 * as OpenAI's.
 */
export function canonicalOfOpenClip(entries: ReadonlyMap<string, WeightEntry>): Map<string, WeightEntry> {
  return new Map([...entries].map(([name, entry]) => [name.replace(/^text\./, ''), entry]))
}
