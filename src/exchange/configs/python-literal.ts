import type { ConfigValue } from './value.js'

/** Sequences inside sequences that are read; configurations have one level. */
const MAX_DEPTH = 16

/** Pieces of a literal: brackets, commas, strings without prefixes, numbers and names. */
const tokens =
  /\s*(?:([[\](),])|'((?:[^'\\\n]|\\[^\n])*)'|"((?:[^"\\\n]|\\[^\n])*)"|([-+]?(?:\d[\w.]*|\.\d\w*)(?:(?<=\d[eE])[-+]\d+)?)|(\w+))/y

const number = /^[-+]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+)(?:[eE][-+]?\d+)?$/
const names: Readonly<Record<string, ConfigValue>> = { True: true, False: false, None: null }
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

/**
 * The value of a text as yacs reads it: a Python literal (number, quoted string, True, False, None, list or tuple, also
 * a tuple without parentheses), and any other text as itself.
 *
 *     4 -> 4      1e-5 -> 0.00001      (224, 224) -> [224, 224]      'sgd' -> sgd      sgd -> sgd
 */
export function parsePythonLiteral(text: string): ConfigValue {
  const pieces = tokenize(text.trim())
  if (pieces === undefined) return text
  const reader = new Reader(pieces)
  const value = reader.items(undefined, 0)
  if (value === undefined || value.items.length === 0) return text
  return value.items.length === 1 && !value.comma ? value.items[0]! : value.items
}

type Piece = { readonly mark: string } | { readonly value: ConfigValue }

function tokenize(text: string): Piece[] | undefined {
  const pieces: Piece[] = []
  tokens.lastIndex = 0
  while (tokens.lastIndex < text.length) {
    const found = tokens.exec(text)
    if (found === null) return undefined
    const [, mark, single, double, digits, name] = found
    const string = single ?? double
    if (mark !== undefined) pieces.push({ mark })
    else if (string !== undefined)
      pieces.push({ value: string.replace(/\\(.)/g, (_, c: string) => escapes[c] ?? c) })
    else if (digits !== undefined && number.test(digits))
      pieces.push({ value: Number(digits.replaceAll('_', '')) })
    else if (name !== undefined && Object.hasOwn(names, name)) pieces.push({ value: names[name]! })
    else return undefined
  }
  return pieces
}

class Reader {
  #at = 0

  constructor(readonly pieces: readonly Piece[]) {}

  /** Items up to the closing mark, or to the end where there is none; undefined where the text is no literal. */
  items(close: string | undefined, depth: number): { items: ConfigValue[]; comma: boolean } | undefined {
    const items: ConfigValue[] = []
    let comma = false
    if (depth > MAX_DEPTH) return undefined
    for (;;) {
      if (this.#closes(close)) return { items, comma }
      if (items.length > 0 && !comma) return undefined
      const item = this.#item(depth)
      if (item === undefined) return undefined
      items.push(item)
      const next = this.pieces[this.#at]
      comma = next !== undefined && 'mark' in next && next.mark === ','
      if (comma) this.#at++
    }
  }

  #closes(close: string | undefined): boolean {
    const piece = this.pieces[this.#at]
    if (close === undefined) return piece === undefined
    if (piece === undefined || !('mark' in piece) || piece.mark !== close) return false
    this.#at++
    return true
  }

  #item(depth: number): ConfigValue | undefined {
    const piece = this.pieces[this.#at++]
    if (piece === undefined) return undefined
    if ('value' in piece) return piece.value
    if (piece.mark === '[') return this.items(']', depth + 1)?.items
    if (piece.mark !== '(') return undefined
    const inner = this.items(')', depth + 1)
    return inner && inner.items.length === 1 && !inner.comma ? inner.items[0] : inner?.items
  }
}
