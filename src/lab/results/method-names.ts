import { methods } from '../../core/methods/registry.js'
import { baselines } from '../baselines.js'

/** What the paper calls the methods that it compares, in its order. */
const paperTitles: Readonly<Record<string, string>> = {
  'zero-shot': 'CLIP',
  'linear-probe': 'CLIP linear probe',
  coop: 'CoOp',
  cocoop: 'CoCoOp',
  proda: 'ProDA',
  maple: 'MaPLe',
  ivlp: 'IVLP',
  promptsrc: 'PromptSRC',
}

/** A row's name without the remark after it: `promptsrc` of `promptsrc (Python)`. */
export const plainMethod = (method: string): string => method.replace(/ \(.*$/, '')

/** A row's title for readers; labels that no method has are their own. */
export function methodTitle(method: string): string {
  const name = plainMethod(method)
  const known: Readonly<Record<string, { readonly title: string }>> = { ...baselines, ...methods }
  const title = Object.hasOwn(known, name) ? known[name]!.title : (paperTitles[name] ?? name)
  return `${title}${method.slice(name.length)}`
}

/** Title of a row of the paper. */
export const paperTitle = (method: string): string => `${paperTitles[method] ?? method} (paper)`

/** Methods in the paper's order, others by name after them. */
export function compareMethods(a: string, b: string): number {
  const order = Object.keys(paperTitles)
  const place = (method: string) => {
    const i = order.indexOf(plainMethod(method))
    return i < 0 ? order.length : i
  }
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0)
}
