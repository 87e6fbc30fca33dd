import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { exportRun } from '../../src/exchange/exports/export-run.js'
import { decodeImage } from '../../src/node/data/decode.js'
import { loadRun } from '../../src/node/run.js'
import { launchChromium, missingBrowser } from '../support/chromium.js'
import { photoFolder } from '../support/photo-folder.js'
import { StaticServer } from '../support/static-server.js'
import { trainedRun } from '../support/trained-run.js'
import { predictedLogits } from '../support/written-export.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const photos = ['blue_square', 'green_square', 'red_square', 'yellow_square'].map(
  (name) => `photos/test/${name}/0.png`,
)

let folder: string
let classNames: readonly string[]
let expected: { label: string; score: number }[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptsrc-static-page-'))
  await photoFolder(join(folder, 'photos'))
  await trainedRun(folder)
  await exportRun(join(folder, 'run'), { format: 'transformers-js', out: join(folder, 'page/model') })
  await exportRun(join(folder, 'run'), {
    format: 'transformers-js-open',
    out: join(folder, 'page/open'),
    precisions: ['q8'],
  })
  for (const [i, photo] of photos.entries())
    await cp(join(folder, photo), join(folder, `page/photo-${i}.png`))
  const run = await loadRun(join(folder, 'run'), { threads: 1 })
  classNames = run.prompts.classNames
  const images = await Promise.all(photos.map((photo) => decodeImage(join(folder, photo))))
  const logits = await predictedLogits(run, images)
  await run.model.close()
  expected = photos.map((_, i) => {
    const row = [...logits.subarray(i * classNames.length, (i + 1) * classNames.length)]
    const powers = row.map((x) => Math.exp(x - Math.max(...row)))
    const best = row.indexOf(Math.max(...row))
    return { label: classNames[best]!, score: powers[best]! / powers.reduce((a, b) => a + b) }
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A page's script: what the library says of pictures with the export for any class names. What the page set up holds for it. */
const zeroShot = `
  import { pipeline } from '/page/transformers.min.js'
  window.zeroShot = async (paths, names) => {
    const classify = await pipeline('zero-shot-image-classification', 'open')
    const answers = []
    for (const path of paths) answers.push(await classify(path, names, { hypothesis_template: 'a photo of a {}.' }))
    return answers
  }`
type ZeroShot = (
  paths: readonly string[],
  names: readonly string[],
) => Promise<{ label: string; score: number }[][]>

it('the static page of the examples answers as predict does, from its own folder alone', {
  timeout: 240_000,
}, async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const page = join(folder, 'page')
  const library = join(root, 'node_modules/@huggingface/transformers/dist')
  const wasm = dirname(createRequire(join(library, 'transformers.js')).resolve('onnxruntime-web'))
  await cp(join(root, 'examples/static-page/index.html'), join(page, 'index.html'))
  await cp(join(library, 'transformers.min.js'), join(page, 'transformers.min.js'))
  for (const end of ['mjs', 'wasm']) {
    await cp(
      join(wasm, `ort-wasm-simd-threaded.asyncify.${end}`),
      join(page, `ort-wasm-simd-threaded.asyncify.${end}`),
    )
  }
  const server = await StaticServer.start({ folders: { page } })
  let browser: Browser | undefined
  try {
    browser = (await launchChromium())!
    const tab = await browser.newPage()
    const elsewhere: string[] = []
    tab.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(server.origin))
        elsewhere.push(request.url())
    })
    await tab.goto(`${server.origin}/page/index.html`)
    await tab.waitForSelector('input:enabled', { timeout: 120_000 })
    for (const [i, photo] of photos.entries()) {
      await tab.evaluate(() => document.querySelector('ol')!.replaceChildren())
      await tab.setInputFiles('input', join(folder, photo))
      const [first] = await tab.waitForSelector('li').then(() => tab.locator('li').allTextContents())
      const [, label, percent] = /^ (.+), (\d+) %$/.exec(first!)!
      expect(label).toBe(expected[i]!.label)
      expect(Math.abs(Number(percent) - 100 * expected[i]!.score)).toBeLessThanOrEqual(2)
    }
    // It takes the 8-bit model where nothing else is asked for.
    const models = server.seen.map(({ path }) => path).filter((path) => path.endsWith('.onnx'))
    expect(new Set(models)).toEqual(new Set(['/page/model/onnx/model_quantized.onnx']))
    await tab.addScriptTag({ type: 'module', content: zeroShot })
    await tab.waitForFunction(() => 'zeroShot' in window)
    const found = await tab.evaluate(
      ({ paths, names }) => (window as unknown as { zeroShot: ZeroShot }).zeroShot(paths, names),
      { paths: photos.map((_, i) => `/page/photo-${i}.png`), names: classNames },
    )
    for (const [i, answers] of found.entries()) {
      expect(answers[0]!.label).toBe(expected[i]!.label)
      expect(Math.abs(answers[0]!.score - expected[i]!.score)).toBeLessThan(0.02)
    }
    expect(elsewhere).toEqual([])
  } finally {
    await browser?.close()
    await server.close()
  }
})

it('the Node script of the examples answers as predict does', { timeout: 120_000 }, async () => {
  const script = join(root, 'examples/node-export/classify.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script, 'page/model', ...photos], {
    cwd: folder,
  })
  const lines = photos.map(
    (photo, i) => `${photo}\t${expected[i]!.label}\t${(100 * expected[i]!.score).toFixed(1)} %\n`,
  )
  expect(stdout).toBe(lines.join(''))
})
