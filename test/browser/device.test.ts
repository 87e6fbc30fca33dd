import { afterEach, expect, it } from 'vitest'
import { loadModel } from '../../src/node/model.js'
import { missingBrowser } from '../support/chromium.js'
import { firstSteps } from '../support/first-steps.js'
import { isolation, WebBrowser } from '../support/web-browser.js'

let browser: WebBrowser | undefined
afterEach(() => browser?.close())

const worker = { worker: '/app/worker.js' }

it('a page without a graphics processor computes on one thread', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  browser = (await WebBrowser.start())!
  expect(await browser.call('chooseDevice', worker)).toEqual({
    device: 'wasm',
    threads: 1,
    reasons: [expect.stringMatching(/WebGPU|graphics/), expect.stringContaining('not cross-origin isolated')],
    webgpu: undefined,
  })
})

it('a page that is cross-origin isolated computes on several threads', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  browser = (await WebBrowser.start({ headers: isolation }))!
  const found = await browser.call('chooseDevice', { ...worker, threads: 2 })
  expect(found).toMatchObject({ device: 'wasm', threads: 2 })
  expect(found.reasons[1]).toBe('The page is cross-origin isolated: 2 threads.')
  expect(await browser.call('compute', { ...worker, threads: 2 })).toEqual([
    1,
    Math.fround(Math.E),
    expect.any(Number),
  ])
})

const webgpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']

// The software driver takes its time to make the programs of a step.
it('WebGPU is tested before it is taken, and trains as Node does', { timeout: 600_000 }, async ({
  skip,
  annotate,
}) => {
  skip(missingBrowser !== undefined, missingBrowser)
  browser = (await WebBrowser.start({ args: webgpu }))!
  const untested = await browser.call('chooseDevice', worker)
  skip(/no WebGPU|no graphics/.test(untested.reasons[0]!), 'this Chromium has no WebGPU in software')
  expect(untested.reasons[0]).toContain('in software')
  const found = await browser.call('chooseDevice', { ...worker, software: true })
  await annotate(found.reasons.join(' '))
  expect(found).toMatchObject({ device: 'webgpu', webgpu: { agrees: true } })
  const model = await loadModel('tiny', { threads: 1 })
  const { losses: expected } = await firstSteps(model, 'coop')
  await model.close()
  const { losses } = await browser.call('train', { ...worker, device: 'webgpu', method: 'coop' })
  const difference = Math.max(...losses.map((loss, i) => Math.abs(loss - expected[i]!)))
  await annotate(`largest difference of a loss: ${difference.toExponential(1)}`)
  expect(losses).toHaveLength(expected.length)
  expect(difference).toBeLessThan(1e-4)
})
