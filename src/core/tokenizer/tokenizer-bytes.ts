/**
 * The 256 printable characters that stand for the byte values in a byte-level vocabulary (GPT-2, section 2.2):
 * printable Latin-1 bytes stand for themselves, the others for U+0100 onwards.
 */
export interface ByteAlphabet {
  /** Character of each byte value, 256 entries. */
  readonly characterOf: readonly string[]
  /** Byte value of each character. */
  readonly byteOf: ReadonlyMap<string, number>
  /** The characters in the order in which CLIP's vocabulary numbers them: the printable bytes first. */
  readonly ordered: readonly string[]
}

export const byteAlphabet: ByteAlphabet = makeByteAlphabet()

/** The mark that ends the last token of every word. */
export const endOfWord = '</w>'
export const startOfText = '<|startoftext|>'
export const endOfText = '<|endoftext|>'

/** The 512 tokens every CLIP vocabulary starts with: each byte inside a word, then each byte at a word's end. */
export function baseTokens(): string[] {
  return [...byteAlphabet.ordered, ...byteAlphabet.ordered.map((character) => character + endOfWord)]
}

/**
 * The vocabulary that a list of merges ("left right", in order of rank) implies: the base tokens, one token a
 * merge, the start marker and, with the largest id, the end marker.
 */
export function vocabularyOf(merges: readonly string[]): Map<string, number> {
  const vocab = new Map<string, number>()
  for (const token of baseTokens()) vocab.set(token, vocab.size)
  let id = vocab.size
  for (const merge of merges) vocab.set(merge.replace(' ', ''), id++)
  vocab.set(startOfText, id++)
  vocab.set(endOfText, id)
  return vocab
}

const encoder = new TextEncoder()

/** The characters standing for a word's UTF-8 bytes, the last one carrying the end-of-word mark. */
export function wordSymbols(word: string): string[] {
  const symbols = Array.from(encoder.encode(word), (byte) => byteAlphabet.characterOf[byte] as string)
  symbols[symbols.length - 1] += endOfWord
  return symbols
}

/** The text that a string of byte characters stands for; bytes that are not UTF-8 become U+FFFD. */
export function textOfCharacters(characters: string): string {
  const bytes = Uint8Array.from(characters, (character) => byteAlphabet.byteOf.get(character) ?? 0x3f)
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

function makeByteAlphabet(): ByteAlphabet {
  const characterOf: string[] = []
  const remapped: string[] = []
  const printable: string[] = []
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad)
    const character = String.fromCharCode(isPrintable ? byte : 256 + remapped.length)
    ;(isPrintable ? printable : remapped).push(character)
    characterOf.push(character)
  }
  const byteOf = new Map(characterOf.map((character, byte) => [character, byte]))
  return { characterOf, byteOf, ordered: [...printable, ...remapped] }
}
