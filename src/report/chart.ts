import type { PlotOptions } from '@observablehq/plot'

/** Categorical colours that stay apart for colour-blind readers (Okabe and Ito). */
export const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']

/** The chart library, loaded only when a report is written. */
export async function loadPlot() {
  return await import('@observablehq/plot')
}

/** Draws a chart as an SVG figure that needs no script. */
export async function chart(options: PlotOptions, label: string): Promise<string> {
  const [{ plot }, { parseHTML }] = await Promise.all([loadPlot(), import('linkedom')])
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const drawn = plot({
    style: { background: 'transparent', color: 'currentColor', fontSize: '12px', fontFamily: 'inherit' },
    ...options,
    document: document as unknown as Document,
    ariaLabel: label,
  })
  return drawn.outerHTML
}
