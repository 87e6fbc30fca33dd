import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadModel } from '../../src/node/model.js'
import { missingBrowser } from '../support/chromium.js'
import { type FirstSteps, firstSteps } from '../support/first-steps.js'
import { WebBrowser } from '../support/web-browser.js'

let browser: WebBrowser
let expected: FirstSteps & { hash: string }
beforeAll(async () => {
  if (missingBrowser) return
  browser = (await WebBrowser.start())!
  const model = await loadModel('tiny', { threads: 1 })
  expected = { ...(await firstSteps(model)), hash: await model.hash() }
  await model.close()
})
afterAll(() => browser?.close())

const largestDifference = (found: readonly number[]) =>
  Math.max(...found.map((loss, i) => Math.abs(loss - expected.losses[i]!)))

it.for([
  ['this page', {}],
  ['a worker', { worker: '/app/worker.js' }],
] as const)('a page trains as Node does, computing in %s', async ([where, options], { skip, annotate }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  browser.server.seen.length = 0
  const found = await browser.call('train', options)
  expect(found.initial).toEqual(expected.initial)
  expect(found.losses).toHaveLength(expected.losses.length)
  const difference = largestDifference(found.losses)
  await annotate(
    `largest difference of a loss, ${where}: ${difference.toExponential(1)}; turns ${found.turns}`,
  )
  expect(difference).toBeLessThan(1e-4)
  expect(found.hash).toBe(expected.hash)
  const ranges = browser.server.seen.filter(({ path }) => path === '/tiny/model.safetensors')
  expect(ranges.length).toBeGreaterThan(5)
  expect(new Set(ranges.map(({ range }) => range)).size).toBe(ranges.length)
  expect(ranges.every(({ status }) => status === 206)).toBe(true)
  // Nothing is asked for in vain.
  expect(browser.server.seen.filter(({ status }) => status === 404)).toEqual([])
})

it('a page learns classes from pictures and tells new ones', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const found = await browser.call('learn', { worker: '/app/worker.js' })
  expect(found).toEqual([...Array(4).fill('red square'), ...Array(4).fill('blue square')])
})
