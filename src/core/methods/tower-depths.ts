import type { Clip } from '../clip/clip.js'
import { ConfigError } from '../errors.js'
import type { Method } from './method.js'

/**
 * A method's options with prompt depths within the model's towers: a default beyond them is lowered to the blocks there
 * are, a given one is refused. (The reference code accepts it and trains fewer prompts than it was asked for.)
 *
 * @param given the options that were given and are not the defaults
 * @throws ConfigError naming the option, the blocks there are and the deepest choice
 */
export function fitDepths<O extends Record<string, unknown>>(
  { name, depths = {} }: Method,
  options: O,
  given: Readonly<Record<string, unknown>>,
  { config: { text }, imageTower, name: model }: Clip,
): O {
  const blocks = {
    text: text.layers,
    image: imageTower.promptBlocks || Number.POSITIVE_INFINITY,
  }
  const fitted: Record<string, unknown> = { ...options }
  for (const [key, towers] of Object.entries(depths)) {
    const tower = towers.reduce((a, b) => (blocks[b] < blocks[a] ? b : a))
    const depth = options[key] as number
    if (depth <= blocks[tower]) continue
    if (Object.hasOwn(given, key)) {
      throw new ConfigError(
        `${name} option ${key}: found ${depth}, but the ${tower} tower of ${model} has ${blocks[tower]} blocks`,
        { hint: `Choose at most ${blocks[tower]}.` },
      )
    }
    fitted[key] = blocks[tower]
  }
  return fitted as O
}
