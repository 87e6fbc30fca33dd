import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../../src/node/data/decode.js'
import { missingBrowser } from '../support/chromium.js'
import { identical, pixelDifference, preprocessPath } from '../support/golden-pixels.js'
import { WebBrowser } from '../support/web-browser.js'

let browser: WebBrowser
beforeAll(async () => {
  if (!missingBrowser) browser = (await WebBrowser.start())!
})
afterAll(() => browser?.close())

describe('decodeImage in Chromium', () => {
  it.for([
    'blobs_256x256.jpg',
    'blobs_451x333_444.jpg',
    'cmyk_260x240.jpg',
    'exif6_320x240.jpg',
    'bw1_250x250.png',
    'grey_180x260.png',
    'noise_97x131.png',
    'palette_230x310.png',
  ])('gives the pixels of Node: %s', async (file, { skip }) => {
    skip(missingBrowser !== undefined, missingBrowser)
    const expected = await decodeImage(preprocessPath(`images/${file}`))
    const { width, height, base64 } = await browser.call('decode', `/images/${file}`)
    expect({ width, height }).toEqual({ width: expected.width, height: expected.height })
    expect(pixelDifference(Buffer.from(base64, 'base64'), expected.data)).toEqual(identical)
  })

  it('drops alpha and keeps the colours of opaque pixels', async ({ skip }) => {
    skip(missingBrowser !== undefined, missingBrowser)
    const expected = await decodeImage(preprocessPath('images/rgba_200x240.png'))
    const { base64 } = await browser.call('decode', '/images/rgba_200x240.png')
    const data = Buffer.from(base64, 'base64')
    const equal = data.filter((value, i) => value === expected.data[i]).length
    expect(equal / data.length).toBeGreaterThan(0.5)
  })
})

it('says what is wrong with images, models, workers and devices, and what to do', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const failures = await browser.call('failures')
  const expected: [name: string, kind: string, message: RegExp, hint: RegExp][] = [
    ['no image', 'ImageError', /^notes\.txt: text; expected a JPEG/, /leave it out/],
    ['truncated', 'ImageError', /^photo\.png: a PNG image that is damaged or truncated/, /intact copy/],
    ['too many pixels', 'ImageError', /300 x 200 pixels; expected at most 0\.001 megapixels/, /smaller/],
    [
      'too large to decode',
      'ImageError',
      /^scan\.png: 30000 x 30000 pixels; expected at most 50 meg/,
      /smaller/,
    ],
    ['no model', 'WeightsError', /^http:\S+\/nowhere\/: has no model\.safetensors/, /address/],
    ['no weights', 'WeightsError', /^grad_300x200\.png: states a header/, /not safetensors/],
    ['no worker', 'ComputeError', /script of the worker that computes cannot be loaded/, /web\/worker/],
    ['no wasm', 'ConfigError', /does not start.*\/absent\/ort-wasm/, /wasmPaths/],
    ['no WebGPU', 'ConfigError', /^device webgpu: this browser/, /wasm/],
  ]
  expect(Object.keys(failures)).toEqual(expected.map(([name]) => name))
  for (const [name, kind, message, hint] of expected) {
    expect(failures[name], name).toEqual({
      kind,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
  }
})
