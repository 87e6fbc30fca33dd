import { readFileSync } from 'node:fs'

/** An icon set of Iconify's JSON, cut to what is read. */
export interface IconSet {
  readonly width?: number
  readonly height?: number
  readonly icons: Readonly<
    Record<string, { readonly body: string; readonly width?: number; readonly height?: number }>
  >
  readonly aliases?: Readonly<Record<string, { readonly parent: string; readonly hFlip?: boolean }>>
}

/** A thing with a name that artists have drawn. */
export interface Concept {
  /** The name in Unicode's data, without marks. */
  readonly name: string
  readonly tags: readonly string[]
  readonly group: number
  readonly subgroup: string
  /** Icon by art style. */
  readonly icons: ReadonlyMap<string, string>
}

/** Art styles by the names of their packages; their order is that of the sheets. */
export const artStyles: Readonly<Record<string, string>> = {
  noto: 'noto',
  'noto-old': 'noto-v1',
  fluent: 'fluent-emoji',
  'fluent-flat': 'fluent-emoji-flat',
  twemoji: 'twemoji',
  emojione: 'emojione',
  fxemoji: 'fxemoji',
  streamline: 'streamline-emojis',
}

interface EmojiRecord {
  readonly label: string
  readonly hexcode: string
  readonly tags?: readonly string[]
  readonly group?: number
  readonly subgroup?: number
}

const modules = new URL('./node_modules/', import.meta.url)
const json = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, modules), 'utf8')) as T

export const iconSet = (style: string): IconSet => json(`@iconify-json/${artStyles[style]}/icons.json`)

/** Names that code points are known by, besides the one in the data. */
const shortcodeFiles = ['cldr', 'emojibase', 'emojibase-legacy', 'github', 'iamcal', 'joypixels']

/** Subgroups that hold no things, or things that pictures and names do not agree on: faces, hearts, people, marks, times. */
const leftOut = new Set(['hotel', 'time', 'place-map', 'face-fantasy'])

const slug = (text: string): string =>
  text
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

/** The concepts of Unicode's groups of animals, food, places, activities and objects, with the icons that draw them. */
export function readConcepts(): Concept[] {
  const emoji = json<EmojiRecord[]>('emojibase-data/en/data.json')
  const groups = json<{ subgroups: Record<string, string> }>('emojibase-data/meta/groups.json')
  const shortcodes = shortcodeFiles.map((name) =>
    json<Record<string, string | string[]>>(`emojibase-data/en/shortcodes/${name}.json`),
  )
  const sets = Object.keys(artStyles).map((style) => {
    const { icons, aliases = {} } = iconSet(style)
    const names = new Set([...Object.keys(icons), ...Object.keys(aliases)])
    const chars = json<Record<string, string>>(`@iconify-json/${artStyles[style]}/chars.json`)
    const bySlug = new Map(
      [...names].map((name) => [style === 'fxemoji' ? name.replace(/[^a-z0-9]/g, '') : slug(name), name]),
    )
    return { style, names, chars, bySlug }
  })
  return emoji.flatMap(({ label, hexcode, tags = [], group, subgroup }): Concept[] => {
    const kind = groups.subgroups[String(subgroup)] ?? ''
    if (group === undefined || group < 3 || group > 7 || leftOut.has(kind)) return []
    const name = label.replace(/[:“”’,.()!]/g, '').toLowerCase()
    const codes = hexcode.toLowerCase()
    const bare = codes.replace(/-fe0f/g, '')
    const known = [label, ...shortcodes.flatMap((file) => file[hexcode] ?? [])].map(slug)
    const icons = new Map<string, string>()
    for (const { style, chars, bySlug } of sets) {
      const byCode = chars[codes] ?? chars[bare] ?? chars[`${bare}-fe0f`]
      const found =
        byCode ?? known.map((s) => bySlug.get(style === 'fxemoji' ? s.replaceAll('-', '') : s)).find((x) => x)
      if (found) icons.set(style, found)
    }
    // What is named alike is drawn alike in Microsoft's two sets.
    const flat = icons.get('fluent-flat')
    const fluent = sets.find(({ style }) => style === 'fluent')
    if (flat && fluent?.names.has(flat)) icons.set('fluent', flat)
    return [{ name, tags, group, subgroup: kind, icons }]
  })
}
