import { type ArtStyle, artStyles } from './art.js'
import { drawings } from './drawings.js'

/** Concepts that downstream sets draw from, by pool, with the styles of drawings that pre-training never saw. */
export const pools: Readonly<Record<string, ReadonlyMap<string, readonly ArtStyle[]>>> = Object.fromEntries(
  Object.entries(drawings).map(([pool, text]) => [pool, parse(text)]),
)

function parse(text: string): Map<string, ArtStyle[]> {
  return new Map(
    text.split(/[,\n]/).map((entry): [string, ArtStyle[]] => {
      const [, name, letters] = /^\s*(.+) ([a-h]+)\s*$/.exec(entry)!
      return [name!, [...letters!].map((letter) => artStyles[letter.charCodeAt(0) - 97]!)]
    }),
  )
}

/** Concepts of a style's sheet in the order of their places, over all pools. */
export function sheetOf(style: ArtStyle): string[] {
  return Object.values(pools).flatMap((pool) =>
    [...pool].filter(([, styles]) => styles.includes(style)).map(([name]) => name),
  )
}
