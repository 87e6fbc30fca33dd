import { afterAll, beforeAll, expect, it } from 'vitest'
import { firstSteps } from '../../test/support/first-steps.js'
import { StaticServer } from '../../test/support/static-server.js'
import { loadModel as loadNodeModel } from '../node/model.js'
import { loadModel } from './model.js'

let server: StaticServer
beforeAll(async () => {
  server = await StaticServer.start({ folders: { tiny: 'assets/tiny' } })
})
afterAll(() => server.close())

it.each(['promptsrc', 'cocoop', 'maple', 'proda'])(
  'the unchanged trainer computes on WebAssembly what it computes in Node: %s',
  async (method) => {
    const web = await loadModel(`${server.origin}/tiny`, { name: 'tiny' })
    const node = await loadNodeModel('tiny', { threads: 1 })
    try {
      const [found, expected] = [await firstSteps(web, method), await firstSteps(node, method)]
      // What WebAssembly does not compute has to be the same bits: the draws, the pictures and the first values.
      expect(found.initial).toEqual(expected.initial)
      expect(found.losses).toHaveLength(6)
      const differences = found.losses.map((loss, i) => Math.abs(loss - expected.losses[i]!))
      expect(Math.max(...differences)).toBeLessThan(1e-4)
      expect(await web.hash()).toBe(await node.hash())
    } finally {
      await web.close()
      await node.close()
    }
  },
)
