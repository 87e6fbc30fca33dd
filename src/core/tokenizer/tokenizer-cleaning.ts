import { decodeHTML } from 'entities'

/** `none`: the text as written. `nfc`: Unicode canonical composition, so that "cafe" + U+0301 reads as "café". */
export type Normalization = 'nfc' | 'none'

/**
 * Text as CLIP's tokenizer sees it: HTML entities resolved twice, composed (unless `none`), white space stripped
 * and collapsed to single spaces, lower-cased. Linear in the length of the text.
 *
 * Follows `basic_clean`, `whitespace_clean` and `lower` of CLIP's `simple_tokenizer.py`, with NFC in place of ftfy.
 */
export function cleanText(text: string, normalization: Normalization = 'nfc'): string {
  const unescaped = unescapeHtml(unescapeHtml(text))
  const composed = normalization === 'nfc' ? compose(unescaped) : unescaped
  return strip(composed.replace(whiteSpaceRun, ' ')).toLowerCase()
}

const numericReference = '#[0-9]+;?|#[xX][0-9a-fA-F]+;?'
const namedReference = '[^\\t\\n\\f <&#;]{1,32};?'
const reference = new RegExp(`&(?:${numericReference}|${namedReference})`, 'gu')

/**
 * Python's `html.unescape`. The named references are HTML 5's, which `entities` knows; numeric ones differ from
 * a browser's in that references to control characters and non-characters vanish.
 */
export function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(reference, (found) => (found[1] === '#' ? numeric(found) : decodeHTML(found)))
}

function numeric(found: string): string {
  const hexadecimal = found[2] === 'x' || found[2] === 'X'
  const point = Number.parseInt(found.slice(hexadecimal ? 3 : 2), hexadecimal ? 16 : 10)
  return isInvalidCodePoint(point) ? '' : decodeHTML(found)
}

/** `_invalid_codepoints` of Python's html module, less those that HTML 5 maps to something else (0, 13, 128-159). */
function isInvalidCodePoint(point: number): boolean {
  return (
    (point >= 0x1 && point <= 0x8) ||
    point === 0xb ||
    (point >= 0xe && point <= 0x1f) ||
    point === 0x7f ||
    (point >= 0xfdd0 && point <= 0xfdef) ||
    (point <= 0x10ffff && (point & 0xfffe) === 0xfffe)
  )
}

/**
 * Ordering a run of combining marks takes time quadratic in the run's length, so a text with a run beyond 30,
 * the bound of Unicode's Stream-Safe Text Format (UAX #15, section 13), is left as written.
 */
function compose(text: string): string {
  return /\p{M}{31}/u.test(text) ? text : text.normalize('NFC')
}

/** Unicode's White_Space: unlike JavaScript's `\s` with U+0085 and without the byte order mark U+FEFF. */
export const whiteSpace = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const whiteSpaceRun = new RegExp(`[${whiteSpace}]+`, 'gu')

/** Python's `str.strip`, which takes the separators U+001C to U+001F for white space too. */
function strip(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isStripped(text.charCodeAt(start))) start++
  while (end > start && isStripped(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** White space is a single U+0020 by the time the text is stripped. */
function isStripped(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x1c && unit <= 0x1f)
}
