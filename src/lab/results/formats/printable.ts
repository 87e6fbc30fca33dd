/** Characters that move the cursor, hide text or turn its direction: control characters and bidirectional marks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/**
 * Text of others (class names, names of tensors, paths) as a terminal may show it: control characters as `\u{1b}`, line
 * feeds and tabs as they are, and no more than `most` characters.
 */
export function printable(text: string, most = 4000): string {
  const shown = text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text
  return shown.replaceAll(unprintable, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
