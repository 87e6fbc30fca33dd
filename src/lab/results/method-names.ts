import { methods } from '../../core/methods/registry.js'
import { baselines } from '../baselines.js'
import { baseToNovel } from './paper/base-to-novel.js'

/** What the paper calls the baselines; methods have their names from there. */
const paperBaselines: Readonly<Record<string, string>> = {
  'zero-shot': 'CLIP',
  'linear-probe': 'CLIP linear probe',
  cupl: 'CuPL',
  waffleclip: 'WaffleCLIP',
}

const titled = (name: string): string => (Object.hasOwn(methods, name) ? methods[name]!.title : name)

/** A row's name without the remark after it: `promptsrc` of `promptsrc (Python)`. */
export const plainMethod = (method: string): string => method.replace(/ \(.*$/, '')

/** A row's title for readers; labels that no method has are their own. */
export function methodTitle(method: string): string {
  const name = plainMethod(method)
  const title = Object.hasOwn(baselines, name) ? baselines[name]!.title : titled(name)
  return `${title}${method.slice(name.length)}`
}

/** Title of a row of the paper. */
export const paperTitle = (method: string): string => `${paperBaselines[method] ?? titled(method)} (paper)`

/** Methods in the paper's order, others by name after them. */
export function compareMethods(a: string, b: string): number {
  const order = [...new Set([...Object.keys(paperBaselines), ...baseToNovel.map((row) => row.method)])]
  const place = (method: string) => {
    const i = order.indexOf(plainMethod(method))
    return i < 0 ? order.length : i
  }
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0)
}
