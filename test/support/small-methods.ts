import { methods } from '../../src/core/methods/registry.js'

/** Methods that learn from images, by name. */
export const imageMethods: readonly string[] = Object.values(methods).flatMap(
  ({ name, learning = 'images' }) => (learning === 'images' ? [name] : []),
)

/** Options under which methods fit the small random CLIP of the tests, where their own do not. */
export const smallOptions: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  proda: { prompts: 8, context: 4 },
  coop: { context: 4 },
  kgcoop: { contextInit: '' },
  tcp: { block: 2 },
  mmrlpp: { block: 2, dimension: 16, projectionRank: 4 },
  'fine-tune': { tuned: 'layernorm' },
}
