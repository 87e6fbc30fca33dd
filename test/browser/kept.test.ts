import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { missingBrowser } from '../support/chromium.js'
import { WebBrowser } from '../support/web-browser.js'

let browser: WebBrowser
let sha256: string
let size: number
beforeAll(async () => {
  if (missingBrowser) return
  browser = (await WebBrowser.start())!
  const bytes = await readFile('assets/tiny/model.safetensors')
  sha256 = createHash('sha256').update(bytes).digest('hex')
  size = bytes.length
})
afterAll(() => browser?.close())
beforeEach(() => {
  if (browser) browser.server.seen.length = 0
})

const asked = () => browser.server.seen.filter(({ path }) => path.startsWith('/tiny/'))
const weights = () =>
  asked().filter(({ path, method }) => path.endsWith('/model.safetensors') && method === 'GET')

it('a model that is kept is downloaded once, and loads without a connection', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const before = await browser.call('modelSize', '/tiny/')
  expect(before.kept).toBe(0)
  expect(before.bytes).toBeGreaterThan(size)
  expect(weights()).toEqual([])

  const first = await browser.call('loadKept', {}, true)
  expect(first).toMatchObject({ hash: sha256, loaded: size })
  expect(weights()).toHaveLength(Math.ceil(size / 2 ** 18))
  expect(await browser.call('modelSize', '/tiny/')).toEqual({ bytes: before.bytes, kept: before.bytes })
  expect(await browser.call('keptModels')).toEqual([
    { address: `${browser.server.origin}/tiny/`, bytes: size, whole: true },
  ])

  browser.server.seen.length = 0
  const page = await browser.open()
  await page.context().setOffline(true)
  try {
    expect(await browser.call('loadKept', {}, true)).toEqual(first)
    expect(asked()).toEqual([])
    expect(await browser.call('loadFails', {}, false)).toMatch(
      /^WeightsError: \S+ cannot be fetched, as this device is offline \| Connect and try again; .*keep: true/,
    )
  } finally {
    await page.context().setOffline(false)
  }
})

it('a kept copy that is damaged is fetched again where it is, and removed when asked to', async ({
  skip,
}) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const first = await browser.call('loadKept', {}, true)
  await browser.call('damageKept')
  browser.server.seen.length = 0
  expect(await browser.call('loadKept', {}, true)).toEqual(first)
  expect(weights().map(({ range }) => range)).toEqual([`bytes=0-${2 ** 18 - 1}`])
  await browser.call('removeKeptModel', '/tiny/')
  expect(await browser.call('keptModels')).toEqual([])
})

it('storage that is full or forbidden is said, with what to do', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const page = await browser.open()
  const control = await page.context().newCDPSession(page)
  const quota = (quotaSize?: number) =>
    control.send('Storage.overrideQuotaForOrigin', {
      origin: browser.server.origin,
      ...(quotaSize === undefined ? {} : { quotaSize }),
    })
  await quota(2 ** 19)
  expect(await browser.call('loadFails', {}, true)).toMatch(
    /^UserError: models\/\w+\/model.safetensors\S* cannot be kept, as the browser's storage is full \| Remove runs or models/,
  )
  await quota()
  // What was kept before is whole: the download goes on.
  expect((await browser.call('loadKept', {}, true)).hash).toBe(sha256)
  expect((await browser.call('storageState')).used).toBeGreaterThan(size)
  const { load, state } = await browser.call('privateWindow', {})
  for (const said of [load, state]) {
    expect(said).toMatch(
      /^UserError: this browser keeps no files for this page \(.*insecure.*\) \| .*not a private one/,
    )
  }
})
