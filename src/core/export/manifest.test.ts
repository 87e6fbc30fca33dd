import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { textFile } from './exporter.js'
import { checkExport, readManifest } from './manifest.js'

const manifest = {
  promptsrcExport: 1,
  format: 'onnx',
  method: 'promptsrc',
  model: { name: 'tiny', sha256: 'ab' },
  classes: ['red square', 'blue circle'],
  models: { 'onnx/model.onnx': 12, 'onnx/text_model.onnx': 3 },
  files: ['onnx/model.onnx', 'onnx/text_model.onnx', 'README.md'],
}

it('a manifest of a newer version, a damaged one and another file are told apart', () => {
  expect(readManifest('m', JSON.stringify(manifest)).classes).toEqual(manifest.classes)
  const refusal = (text: string) => {
    try {
      readManifest('page/promptsrc.json', text)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  expect(refusal(JSON.stringify({ ...manifest, promptsrcExport: 2, files: 3 }))).toBe(
    'page/promptsrc.json is of a newer version of promptsrc: 2, known are up to 1',
  )
  expect(refusal('{"promptsrcExport": 1')).toBe('page/promptsrc.json is damaged: no JSON')
  expect(refusal(JSON.stringify({ ...manifest, classes: 'red' }))).toBe(
    'page/promptsrc.json is no manifest of an export: classes is not as it is written',
  )
})

it('a model that is missing, cut off or changed is named', async () => {
  const files: Record<string, string> = { 'onnx/model.onnx': 'twelve bytes', 'onnx/text_model.onnx': 'abc' }
  const contents = Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      { bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') },
    ]),
  )
  const read = readManifest('m', JSON.stringify({ ...manifest, contents }))
  const check = (found: Record<string, string>) =>
    checkExport('page', read, async (path) => {
      const text = found[path]
      return text === undefined ? undefined : textFile(path, text)
    })
  await expect(check(files)).resolves.toBeUndefined()
  await expect(check({ 'onnx/model.onnx': 'twelve bytes' })).rejects.toThrow(
    'page is an incomplete export: onnx/text_model.onnx is missing, expected 3',
  )
  await expect(check({ ...files, 'onnx/model.onnx': 'eleven byte' })).rejects.toThrow(
    'page is an incomplete export: onnx/model.onnx has 11 bytes, expected 12',
  )
  await expect(check({ ...files, 'onnx/text_model.onnx': 'abd' })).rejects.toThrow(
    /^page: onnx\/text_model\.onnx was changed since it was exported: it has the SHA-256 a52d15\w+, expected ba7816/,
  )
})
