import type { OverlayOptions } from 'sharp'
import { ahead } from '../core/data/ahead.js'
import type { Dataset, Datum } from '../core/data/dataset.js'
import { UserError } from '../core/errors.js'
import { escapeHtml } from './page.js'

export interface ContactSheetOptions {
  /** Most classes shown; of more, so many at even distances. */
  readonly classes?: number
  /** Images of each. */
  readonly images?: number
  readonly signal?: AbortSignal | undefined
}

/** In pixels. */
const side = 104
const gap = 4
const margin = 20
const headerHeight = 52
const labelHeight = 26
/** Classes beside each other. */
const columns = 3

/** A picture of a data set, as PNG: a few images of each class below its name. Bad images are crossed out. */
export async function contactSheet(dataset: Dataset, options: ContactSheetOptions = {}): Promise<Buffer> {
  const { classes = 24, images = 4, signal } = options
  const chosen = spread([...dataset.classNames.keys()], classes)
  const rows = Math.ceil(chosen.length / columns)
  const cellWidth = images * (side + gap) - gap + margin
  const cellHeight = labelHeight + side + margin
  const width = margin + Math.max(2, Math.min(columns, chosen.length)) * cellWidth
  const height = headerHeight + rows * cellHeight

  const places = placesOf(dataset, chosen, images).map(({ datum, cell, place }) => ({
    datum,
    left: margin + (cell % columns) * cellWidth + place * (side + gap),
    top: headerHeight + Math.floor(cell / columns) * cellHeight + labelHeight,
  }))
  const layers: OverlayOptions[] = []
  let next = 0
  for await (const input of ahead(
    places.map(
      ({ datum }) =>
        () =>
          thumbnail(datum),
    ),
    4,
    signal,
  )) {
    const { left, top } = places[next++]!
    layers.push({ input, left, top })
  }

  const { name, classNames, train, val, test } = dataset
  const facts = `${classNames.length} classes; ${train.length} training, ${val.length} validation, ${test.length} test images`
  const shown = chosen.length < classNames.length ? `; ${chosen.length} classes shown` : ''
  const labels = chosen.map((label, cell) => {
    const x = margin + (cell % columns) * cellWidth
    const y = headerHeight + Math.floor(cell / columns) * cellHeight + 18
    return text(x, y, 14, '#222', shortened(classNames[label]!, 54))
  })
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${text(
    margin,
    34,
    18,
    '#000',
    shortened(name, 40),
    'bold',
  )}${text(width - margin, 34, 13, '#555', facts + shown, 'normal', 'end')}${labels.join('')}</svg>`
  layers.push({ input: Buffer.from(svg), left: 0, top: 0 })
  const { default: sharp } = await import('sharp')
  return sharp({ create: { width, height, channels: 3, background: '#fff' } })
    .composite(layers)
    .png()
    .toBuffer()
}

/** The images to show: those of training where a class has any. */
function placesOf({ train, val, test }: Dataset, chosen: readonly number[], images: number) {
  const groups = new Map<number, Datum[]>(chosen.map((label) => [label, []]))
  for (const part of [train, test, val]) {
    const empty = new Set([...groups].filter(([, group]) => group.length === 0).map(([label]) => label))
    for (const datum of part) if (empty.has(datum.label)) groups.get(datum.label)!.push(datum)
  }
  return [...groups.values()].flatMap((group, cell) =>
    spread(group, images).map((datum, place) => ({ datum, cell, place })),
  )
}

/** At most `count` items at even distances. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items]
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!)
}

async function thumbnail(datum: Datum): Promise<Buffer> {
  try {
    const { width, height, data } = await datum.load()
    const { default: sharp } = await import('sharp')
    return await sharp(data, { raw: { width, height, channels: 3 } })
      .resize(side, side, { fit: 'cover' })
      .png()
      .toBuffer()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><rect width="100%" height="100%" fill="#eee"/><path d="M20 20L${side - 20} ${side - 20}M${side - 20} 20L20 ${side - 20}" stroke="#b00" stroke-width="4"/></svg>`,
    )
  }
}

function text(
  x: number,
  y: number,
  size: number,
  colour: string,
  content: string,
  weight = 'normal',
  anchor = 'start',
): string {
  return `<text x="${x}" y="${y}" font-family="sans-serif" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${colour}">${escapeHtml(printable(content))}</text>`
}

/** XML has no control characters, not even escaped ones. */
const printable = (content: string): string => content.replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '\ufffd')

function shortened(content: string, length: number): string {
  const characters = [...content]
  return characters.length <= length ? content : `${characters.slice(0, length - 1).join('')}…`
}
