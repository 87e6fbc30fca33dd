import type { PlotOptions } from '@observablehq/plot'

/** The chart library, loaded only when a report is written. */
export async function loadPlot() {
  return await import('@observablehq/plot')
}

/**
 * Draws a chart as SVG that needs no script. It scales with its column: choose a width near that of a narrow column,
 * so that letters keep their size on a phone.
 *
 * @param label what the chart shows, for readers who cannot see it
 */
export async function chart(options: PlotOptions, label: string): Promise<string> {
  const [{ plot }, { parseHTML }] = await Promise.all([loadPlot(), import('linkedom')])
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const drawn = plot({
    style: { background: 'none', color: 'currentColor', fontSize: '12px', fontFamily: 'inherit' },
    ...options,
    document: document as unknown as Document,
    ariaLabel: label,
  })
  drawn.setAttribute('role', 'img')
  return drawn.outerHTML
}

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
