/** Colours of lines and bars; the first five stay apart for colour-blind readers, after Okabe and Ito; see `stylesheet`. */
const series = Array.from({ length: 8 }, (_, i) => `var(--series-${i + 1})`)

/** One colour a name, the same in every chart of a page. Beyond eight names they repeat: charts label directly. */
export function colourMap(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...new Set(names)].map((name, i) => [name, series[i % series.length]!]))
}

/** Colour of what needs no telling apart. */
export const ink = 'var(--ink)'
/** Colour of amounts: bars and cells. */
export const accent = 'var(--accent)'
/** Text on `accent`. */
export const onAccent = 'var(--on-accent)'
/** Colour of what stands in the background: references and single runs. */
export const muted = 'var(--muted)'
/** Behind text that crosses lines. */
export const paper = 'var(--paper)'
