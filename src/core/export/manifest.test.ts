import { expect, it } from 'vitest'
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

it('a model that is missing or cut off is named', async () => {
  const read = readManifest('m', JSON.stringify(manifest))
  const check = (sizes: Record<string, number>) => checkExport('page', read, async (path) => sizes[path])
  await expect(check(manifest.models)).resolves.toBeUndefined()
  await expect(check({ 'onnx/model.onnx': 12 })).rejects.toThrow(
    'page is an incomplete export: onnx/text_model.onnx is missing, expected 3',
  )
  await expect(check({ ...manifest.models, 'onnx/model.onnx': 11 })).rejects.toThrow(
    'page is an incomplete export: onnx/model.onnx has 11 bytes, expected 12',
  )
})
