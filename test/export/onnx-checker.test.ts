import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { precisions } from '../../src/core/export/exporter.js'
import { loadModel } from '../../src/node/model.js'
import { missingModule, python } from '../support/debian-python.js'
import { learnedRun } from '../support/learned-run.js'
import { writtenExport } from '../support/written-export.js'

const missing = await missingModule('onnx')

const check = `
import glob, json, onnx, sys
found = {}
for path in sorted(glob.glob(sys.argv[1] + '/onnx/*.onnx')):
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    sizes = [[d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim] for value in model.graph.input]
    found[path.split('/')[-1]] = {'domains': {o.domain: o.version for o in model.opset_import}, 'inputs': sizes}
print(json.dumps(found))`

it.for(['onnx', 'transformers-js', 'transformers-js-open'])(
  'ONNX checks every model of %s, of opset 17 to 20 without other domains',
  async (format, { skip }) => {
    skip(missing !== undefined, missing)
    const model = await loadModel('tiny', { threads: 1 })
    const folder = await writtenExport(await learnedRun(model, 'promptsrc'), format, { precisions })
    await model.close()
    const { stdout } = await python(check, folder)
    await rm(dirname(folder), { recursive: true })
    const found: Record<string, { domains: Record<string, number>; inputs: unknown[] }> = JSON.parse(stdout)
    expect(Object.keys(found)).toHaveLength(
      { onnx: 16, 'transformers-js': 4, 'transformers-js-open': 12 }[format]!,
    )
    for (const { domains } of Object.values(found)) {
      expect(Object.keys(domains)).toEqual([''])
      expect(domains['']).toBeGreaterThanOrEqual(17)
      expect(domains['']).toBeLessThanOrEqual(20)
    }
    if (format === 'onnx') {
      expect(found['classifier.onnx']!.inputs).toEqual([['images', 3, 48, 48]])
      expect(found['text_model.onnx']!.inputs).toEqual([['texts', 'tokens']])
    }
  },
)
