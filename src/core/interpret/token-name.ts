import type { Tokenizer } from '../tokenizer/tokenizer.js'

/** A token as a person reads it. */
export interface TokenName {
  /** Without the end-of-word mark; characters that cannot be shown are escaped. */
  readonly text: string
  /** Whether a word ends here; otherwise other tokens follow within the word. */
  readonly wordEnd: boolean
}

/** Control and format characters, which could move a terminal's cursor or turn the direction of writing. */
const unprintable = /\p{C}/gu

/** The name of a token id. Throws DataError for an id that is not in the vocabulary. */
export function tokenName(tokenizer: Pick<Tokenizer, 'decode'>, id: number): TokenName {
  const decoded = tokenizer.decode([id])
  const wordEnd = decoded.endsWith(' ')
  const text = wordEnd ? decoded.slice(0, -1) : decoded
  // Bytes that are no character by themselves are told apart by their number alone.
  if (text.trim() === '' || text.includes('\ufffd')) return { text: `<token ${id}>`, wordEnd }
  const escaped = (character: string) => `\\u{${character.codePointAt(0)!.toString(16)}}`
  return { text: text.replace(unprintable, escaped), wordEnd }
}

/** The name on one line: pieces that go on end in a dash. */
export function displayName({ text, wordEnd }: TokenName): string {
  return wordEnd || /^<.+>$/s.test(text) ? text : `${text}-`
}
