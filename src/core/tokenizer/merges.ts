import type { Vocabulary } from './tokenizer.js'
import { vocabularyOf } from './tokenizer-bytes.js'

/** The merges of a `merges.txt`, in order of rank: its lines without the heading. */
export function mergeLines(text: string): string[] {
  const lines = text.split(/\r?\n/)
  return (lines[0]?.startsWith('#version') ? lines.slice(1) : lines).filter((line) => line !== '')
}

/**
 * A vocabulary from its merges alone, as OpenAI numbers tokens.
 *
 * @param file a `merges.txt`, compressed by gzip, such as `assets/clip/merges.txt.gz` of this package: OpenAI's own
 */
export async function unpackVocabulary(file: Uint8Array<ArrayBuffer>): Promise<Vocabulary> {
  const unpacked = new Blob([file]).stream().pipeThrough(new DecompressionStream('gzip'))
  const merges = mergeLines(await new Response(unpacked).text())
  return { merges, vocab: vocabularyOf(merges) }
}
