import { basename } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createClassifier, type Run } from '../../src/core/evaluate/create-classifier.js'
import { exportedBytes } from '../../src/core/export/exporter.js'
import { exportClassifier } from '../../src/core/export/exporters.js'
import { normalize, testTransform } from '../../src/core/image/preprocess.js'
import type { HeldOutFigures } from '../../src/core/run/held-out-figures.js'
import { decodePhoto } from '../../src/node/data/reading.js'
import { loadModel } from '../../src/node/model.js'
import { missingBrowser } from '../support/chromium.js'
import { preprocessPath } from '../support/golden-pixels.js'
import { learnedClasses, learnedRun } from '../support/learned-run.js'
import { WebBrowser } from '../support/web-browser.js'
import { predictedLogits } from '../support/written-export.js'

const pictures = ['/images/blobs_451x333_444.jpg', '/images/grad_300x200.png', '/images/noise_97x131.png']
const heldOut = {
  images: 9,
  classes: 5,
  threshold: 0.2001,
  conceptTemperature: 90,
  temperature: 1,
} as HeldOutFigures

let browser: WebBrowser
let run: Run
beforeAll(async () => {
  if (missingBrowser) return
  browser = (await WebBrowser.start())!
  run = await learnedRun(await loadModel('tiny', { threads: 1 }), 'promptsrc')
  for (const [folder, format, method] of [
    ['fixed', 'transformers-js', 'promptsrc'],
    ['open', 'transformers-js-open', 'promptsrc'],
    ['plain', 'onnx', 'promptsrc'],
    ['closed', 'onnx', 'cocoop'],
    ['clip', 'clip', 'prolip'],
  ] as const) {
    const own = method === 'promptsrc' ? run : await learnedRun(run.model, method)
    for (const file of await exportClassifier(own, format, format === 'onnx' ? {} : { heldOut })) {
      browser.server.files.set(`/${folder}/${file.path}`, await exportedBytes(file))
    }
  }
})
afterAll(async () => {
  await browser?.close()
  await run?.model.close()
})
beforeEach(() => {
  if (browser) browser.server.seen.length = 0
})

const restores: (() => void)[] = []

/** What `predict` says of the pictures: probabilities by class. */
async function predicted(classNames?: readonly string[]): Promise<Map<string, number>[]> {
  const names = classNames ?? run.prompts.classNames
  const images = await Promise.all(
    pictures.map((path) => decodePhoto(preprocessPath(`images/${basename(path)}`), { name: path })),
  )
  const logits = await predictedLogits(run, images, names)
  return images.map((_, i) => {
    return probabilities([...logits.subarray(i * names.length, (i + 1) * names.length)], names)
  })
}

function probabilities(logits: readonly number[], names: readonly string[]): Map<string, number> {
  const powers = logits.map((x) => Math.exp(x - Math.max(...logits)))
  const sum = powers.reduce((a, b) => a + b)
  return new Map(powers.map((power, c) => [names[c]!, power / sum]))
}

function worstDifference(
  found: readonly { classes: readonly (readonly [string, number])[] }[],
  expected: readonly Map<string, number>[],
): number {
  const differences = found.flatMap(({ classes }, i) => {
    expect(classes).toHaveLength(expected[i]!.size)
    return classes.map(([name, probability]) => Math.abs(probability - expected[i]!.get(name)!))
  })
  return Math.max(...differences)
}

const models = () => browser.server.seen.map(({ path }) => path).filter((path) => path.endsWith('.onnx'))
/** Replaces a file of the server; returns how to put it back. */
function replaced(path: string, change: (bytes: Uint8Array) => Uint8Array | undefined): () => void {
  const { files } = browser.server
  const before = files.get(path) as Uint8Array
  const after = change(before.slice())
  if (after) files.set(path, after)
  else files.delete(path)
  return () => void files.set(path, before)
}

it.for([
  ['transformers-js', '/fixed/', ['model.onnx']],
  ['transformers-js-open', '/open/', ['vision_model.onnx', 'text_model.onnx']],
  ['onnx', '/plain/', ['vision_model.onnx', 'text_model.onnx']],
] as const)(
  'a page that opens an export of %s answers as predict does',
  async ([, address, files], { skip, annotate }) => {
    skip(missingBrowser !== undefined, missingBrowser)
    const expected = await predicted()
    const fp32 = await browser.call('classifyExported', {}, address, pictures, { precision: 'fp32' })
    const difference = worstDifference(fp32.first, expected)
    await annotate(`largest difference of a probability: ${difference.toExponential(1)}`)
    expect(difference).toBeLessThan(1e-5)
    // Nothing but what answers is fetched, and it was said before.
    expect(models().sort()).toEqual(files.map((file) => `${address}onnx/${file}`).sort())
    expect(fp32).toMatchObject({ size: { bytes: fp32.total, kept: 0 }, loaded: fp32.total, rising: true })
    const smallest = await browser.call('classifyExported', { worker: '/app/worker.js' }, address, pictures)
    expect(worstDifference(smallest.first, expected)).toBeLessThan(0.05)
    expect(smallest.total).toBeLessThan(fp32.total / 2)
  },
)

it('an export of two towers takes class names that were never trained', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const others = ['a blue whale', 'Café_au_lait']
  const found = await browser.call('classifyExported', {}, '/open/', pictures, {
    precision: 'fp32',
    addClasses: ['white cross'],
    later: others,
  })
  expect(worstDifference(found.first, await predicted([...learnedClasses, 'white cross']))).toBeLessThan(1e-5)
  expect(worstDifference(found.after!, await predicted(others))).toBeLessThan(1e-5)
  expect(await browser.call('exportFailure', {}, '/fixed/', { addClasses: ['fox'] })).toMatch(
    /^ConfigError: \S+\/fixed\/ knows the classes that it was exported with alone \| .*transformers-js-open/,
  )
  expect(await browser.call('exportFailure', {}, '/closed/', { addClasses: ['fox'] })).toMatch(
    /^ConfigError: .* alone: CoCoOp .*every image makes texts of its own \| .*--add-class/,
  )
  expect(await browser.call('exportFailure', {}, '/closed/')).toBe('nothing')
})

it('an export of a run on clips answers for the frames of a clip', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  await using model = await loadModel('tiny', { threads: 1, frames: 4 })
  const clips = await learnedRun(model, 'promptsrc')
  for (const file of await exportClassifier(clips, 'onnx', { precisions: ['fp32'] })) {
    browser.server.files.set(`/clips/${file.path}`, await exportedBytes(file))
  }
  const frames = [...pictures, pictures[0]!]
  const { preprocessing } = model.clip
  const pixels: number[] = []
  for (const path of frames) {
    const image = await decodePhoto(preprocessPath(`images/${basename(path)}`), { name: path })
    const frame = { ...preprocessing, frames: 1 }
    pixels.push(...normalize(testTransform(image, frame), frame))
  }
  await using classifier = await createClassifier(clips)
  const { logits } = await classifier.classify(Float32Array.from(pixels))
  const expected = [probabilities([...logits], learnedClasses)]
  const classes = await browser.call('classifyClip', {}, '/clips/', frames)
  expect(worstDifference([{ classes }], expected)).toBeLessThan(1e-5)
})

it('an export says "none of these" where its run knew how', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const stated = await browser.call('classifyExported', {}, '/fixed/', pictures)
  expect(stated.threshold).toBe(heldOut.threshold)
  for (const { kind, score } of stated.first) {
    expect(kind).toBe(score < heldOut.threshold ? 'none' : 'class')
  }
  const more = await browser.call('classifyExported', {}, '/open/', [], { addClasses: ['white cross'] })
  expect(more.threshold).toBeCloseTo((heldOut.threshold * 5) / 6)
  const given = await browser.call('classifyExported', {}, '/fixed/', pictures, { threshold: 1 })
  expect(given.first.map(({ kind }) => kind)).toEqual(['none', 'none', 'none'])
  const silent = await browser.call('classifyExported', {}, '/plain/', pictures)
  expect(silent.threshold).toBeUndefined()
  expect(silent.first.map(({ kind }) => kind)).toEqual(['class', 'class', 'class'])
})

it.for(['archive', 'files', 'loose files', 'kept folder'] as const)(
  'an export that comes as %s answers as the one at its address',
  async (as, { skip }) => {
    skip(missingBrowser !== undefined, missingBrowser)
    const expected = await browser.call('classifyExported', {}, '/open/', pictures)
    const found = await browser.call('classifyExported', {}, '/open/', pictures, { as })
    expect(found.first).toEqual(expected.first)
    expect(found.size).toEqual({ bytes: 0, kept: 0 })
  },
)

it('an export that is kept is downloaded once, what was missing later, and serves without a connection', async ({
  skip,
}) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const keep = { keep: true } as const
  const restore = replaced('/open/onnx/vision_model_quantized.onnx', () => undefined)
  expect(await browser.call('exportFailure', {}, '/open/', keep)).toMatch(
    /^UserError: \S+\/open\/ is an incomplete export: onnx\/vision_model_quantized\.onnx is missing, expected \d+ \| /,
  )
  restore()
  browser.server.seen.length = 0
  const first = await browser.call('classifyExported', {}, '/open/', pictures, keep)
  expect(new Set(models())).toEqual(new Set(['/open/onnx/vision_model_quantized.onnx']))
  expect(first.size.kept).toBeGreaterThan(0)
  expect(first.size.kept).toBeLessThan(first.size.bytes!)
  expect(first.first).toEqual((await browser.call('classifyExported', {}, '/open/', pictures)).first)

  const page = await browser.open()
  await page.context().setOffline(true)
  try {
    expect(await browser.call('exportFailure', {}, '/open/', keep)).toMatch(
      /^ConfigError: onnxruntime-web cannot be loaded, as this device is offline \| .*service worker/,
    )
    await page.context().setOffline(false)
    await browser.call('classifyExported', {}, '/plain/', [])
    await page.context().setOffline(true)
    expect(await browser.call('exportFailure', {}, '/open/', keep)).toBe('nothing')
    expect(await browser.call('exportFailure', {}, '/open/')).toMatch(
      /^WeightsError: \S+ cannot be fetched, as this device is offline \| Connect and try again; .*keep: true/,
    )
  } finally {
    await page.context().setOffline(false)
  }
  expect((await browser.call('keptModels')).map(({ address, whole }) => [address, whole])).toEqual([
    [`${browser.server.origin}/open/`, true],
  ])
})

it('an export that is kept follows the one on its server', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const keep = { keep: true } as const
  await browser.call('classifyExported', {}, '/fixed/', [], keep)
  const others = ['ring', 'cross', 'star']
  const undo = (await exportClassifier(run, 'transformers-js', { classNames: others })).map(async (file) => {
    const bytes = await exportedBytes(file)
    return replaced(`/fixed/${file.path}`, () => bytes)
  })
  for (const each of await Promise.all(undo)) restores.push(each)
  const found = await browser.call('classifyExported', {}, '/fixed/', pictures, keep)
  expect(worstDifference(found.first, await predicted(others))).toBeLessThan(0.05)
  for (const each of restores.splice(0)) each()
  await browser.call('removeKeptModel', '/fixed/')
  expect((await browser.call('keptModels')).filter(({ address }) => address.endsWith('/fixed/'))).toEqual([])
})

it.for([
  [
    'a file was changed',
    '/fixed/onnx/model_quantized.onnx',
    (bytes: Uint8Array) => bytes.fill(7, 5000, 5001),
    /^UserError: \S+\/fixed\/: onnx\/model_quantized\.onnx was changed since it was exported: it has the SHA-256 \w{64}, expected \w{64} \| Copy it again/,
  ],
  [
    'a file was cut off',
    '/fixed/onnx/model_quantized.onnx',
    (bytes: Uint8Array) => bytes.slice(0, 9000),
    /is an incomplete export: onnx\/model_quantized\.onnx has 9000 bytes, expected \d+ \| .*copy all of its files/,
  ],
  [
    'a file is longer',
    '/fixed/onnx/model_quantized.onnx',
    (bytes: Uint8Array) => Buffer.concat([bytes, bytes]),
    /is an incomplete export: onnx\/model_quantized\.onnx has \d+ bytes, expected \d+ \| /,
  ],
  [
    'the manifest is of a newer version',
    '/fixed/promptsrc.json',
    (bytes: Uint8Array) =>
      Buffer.from(Buffer.from(bytes).toString().replace('promptsrcExport": 1', 'promptsrcExport": 9')),
    /^UserError: \S+ promptsrc\.json is of a newer version of promptsrc: 9, known are up to 1 \| Update promptsrc/,
  ],
  [
    'there is no manifest',
    '/fixed/promptsrc.json',
    () => undefined,
    /^UserError: \S+\/fixed\/ holds no export: there is no promptsrc\.json \| Choose a folder that `promptsrc export` wrote/,
  ],
] as const)('says what is wrong and what to do where %s', async ([, path, change, message], { skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const restore = replaced(path, change)
  try {
    expect(await browser.call('exportFailure', {}, '/fixed/')).toMatch(message)
  } finally {
    restore()
  }
})

it('says what is wrong with an export in the page’s own storage', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  expect(await browser.call('exportFailure', {}, '/open/', { as: 'damaged folder' })).toMatch(
    /^UserError: exports\/pets \(kept by this browser\): onnx\/text_model_quantized\.onnx was changed since it was exported: .* \| Copy it again/,
  )
})

it('refuses an export without graphs, and a precision that it has not', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  expect(await browser.call('exportFailure', {}, '/clip/')).toMatch(
    /is an export of format clip, which holds no graph that runs by itself \| .*transformers-js-open/,
  )
  const restore = replaced('/fixed/promptsrc.json', (bytes) =>
    Buffer.from(Buffer.from(bytes).toString().replaceAll('model_fp16.onnx"', 'other.onnx"')),
  )
  expect(await browser.call('exportFailure', {}, '/fixed/', { precision: 'fp16' })).toMatch(
    /^ConfigError: \S+ holds no models in fp16: .*onnx\/model\.onnx.* \| Export the run with --precision fp16/,
  )
  restore()
})

it('a download whose connection breaks goes on', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  browser.server.habits.cut = { after: 50_000, times: 1 }
  const found = await browser.call('classifyExported', {}, '/fixed/', pictures)
  const all = await browser.call('classifyExported', {}, '/fixed/', pictures)
  expect(found.first).toEqual(all.first)
  const parts = browser.server.seen.filter(({ range }) => range?.startsWith('bytes=50000-'))
  expect(parts).toHaveLength(1)
})
