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
