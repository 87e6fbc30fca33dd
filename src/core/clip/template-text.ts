import { constant, recomputed, type Tensor } from '../graph/index.js'
import type { Clip } from './clip.js'
import { layoutTexts } from './prompt-layout.js'
import { fillTemplate, readableClassName } from './templates.js'
import { type TextInputs, textTower } from './towers/text-tower.js'
import type { InsertedTokens } from './towers/tower.js'

/**
 * Features of the classes by a template as a graph, with tokens inserted into the text tower: [classes, embedDim], not
 * normalised.
 *
 * @param classesAtOnce encode so many at once, and again for the gradient; default: all
 * @throws DataError when a text is longer than the context
 */
export function templateText(
  clip: Clip,
  template: string,
  inserted: InsertedTokens,
  classNames: readonly string[],
  classesAtOnce = classNames.length,
): Tensor {
  const encode = (names: readonly string[], tokens: readonly Tensor[]) =>
    textTower(clip.textWeights, {
      ...templateInputs(clip, template, names),
      inserted: { ...inserted, tokens },
    })
  if (classesAtOnce >= classNames.length) return encode(classNames, inserted.tokens)
  const parts = Array.from({ length: Math.ceil(classNames.length / classesAtOnce) }, (_, i) => {
    const names = classNames.slice(i * classesAtOnce, (i + 1) * classesAtOnce)
    return (tokens: readonly Tensor[]) => encode(names, tokens)
  })
  return recomputed(inserted.tokens, parts, -2)
}

/** The texts for the tower: what all begin with is computed once. */
function templateInputs(clip: Clip, template: string, classNames: readonly string[]): TextInputs {
  const { endToken } = clip.tokenizer
  const texts = classNames.map((name) => {
    const ids = clip.tokenizer.tokenize(fillTemplate(template, readableClassName(name)))
    return ids.slice(0, ids.indexOf(endToken) + 1)
  })
  const [first] = texts as [number[], ...number[][]]
  const shortest = Math.min(...texts.map(({ length }) => length - 1))
  let p = 1
  while (p < shortest && texts.every((ids) => ids[p] === first[p])) p++
  const s = Math.max(...texts.map(({ length }) => length)) - p
  const { width } = clip.config.text
  const laidOut = async () => layoutTexts(clip, texts, p, s)
  const own = { owner: clip }
  const key = JSON.stringify([template, classNames])
  return {
    prefix: constant(
      'template.prefix',
      [p, width],
      async () =>
        (await layoutTexts(clip, [[...first.slice(0, p), endToken]], 0)).suffixes.data.slice(0, p * width),
      { ...own, key: `template.prefix ${key}` },
    ),
    suffixes: constant(
      'template.suffixes',
      [texts.length * s, width],
      async () => (await laidOut()).suffixes.data as Float32Array,
      { ...own, key: `template.suffixes ${key}` },
    ),
    texts: texts.length,
    mask: constant(
      'template.mask',
      [texts.length, 1, s, p + s],
      async () => (await laidOut()).mask.data as Float32Array,
      { ...own, key: `template.mask ${key}` },
    ),
  }
}
