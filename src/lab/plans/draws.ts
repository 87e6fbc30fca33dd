import { ConfigError } from '../../core/errors.js'
import { parseEmojiName } from '../../core/world/emoji/datasets.js'
import type { ProtocolData } from './protocol.js'

/** A data set's name taken apart. */
export interface DrawnName {
  readonly set: string
  /** Undefined where the name says none: data that cannot be drawn anew, or the first draw. */
  readonly draw?: number
}

/** What a name says: `emoji-food@3` is draw 3 of `emoji-food`. Other names are taken whole. */
export function drawOf(name: string): DrawnName {
  const parsed = name.includes('@') ? parseEmojiName(name) : undefined
  return parsed ?? { set: name }
}

/** Whether a name is of a set that can be drawn anew, without saying a draw. */
export const isDrawable = (name: string): boolean => !name.includes('@') && parseEmojiName(name) !== undefined

/**
 * Names of draws 1 to `count` of every set that can be drawn anew; the others stand as they are. Settings are studied on
 * draws beyond those that are reported.
 */
export const drawsOf = (name: string, count: number): string[] =>
  isDrawable(name) ? Array.from({ length: count }, (_, i) => `${name}@${i + 1}`) : [name]

/**
 * The data of a protocol for each of so many draws; as they are without a number. What cannot be drawn anew belongs to the
 * first alone.
 *
 * @throws ConfigError where nothing can be drawn anew
 */
export function drawnAnew(data: ProtocolData, count: number | undefined): ProtocolData[] {
  if (count === undefined) return [data]
  const { source, datasets } = data
  if (![...datasets, ...(source === undefined ? [] : [source])].some(isDrawable)) {
    throw new ConfigError(`--draws ${count}: none of the data sets can be drawn anew`, {
      hint: 'Name emoji sets without a draw, as emoji-food, or leave the option out.',
    })
  }
  return Array.from({ length: count }, (_, i) => {
    const at = (name: string) => (isDrawable(name) ? `${name}@${i + 1}` : name)
    const own = i === 0 || source !== undefined ? datasets : datasets.filter(isDrawable)
    return { ...data, ...(source === undefined ? {} : { source: at(source) }), datasets: own.map(at) }
  })
}
