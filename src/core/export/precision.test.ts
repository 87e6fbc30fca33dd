import { describe, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { bytesOfStream, runModel } from '../../../test/support/model-bytes.js'
import { constant, gemm, input, reshape } from '../graph/index.js'
import { modelFiles } from '../graph/model-file.js'
import type { ExportPrecision } from './exporter.js'
import { inPrecision, quantizedRows } from './precision.js'

describe('quantizedRows', () => {
  it('gives every place of the axis a scale under which its largest magnitude is 127 steps', () => {
    const values = Float32Array.of(1, -2, 0.5, 0, 0, 0, 100, 50, -25)
    const { quantized, scale } = quantizedRows(values, [3, 3], 0)
    expect([...quantized]).toEqual([64, -127, 32, 0, 0, 0, 127, 64, -32])
    expect([...scale]).toEqual([Math.fround(2 / 127), 1, Math.fround(100 / 127)])
  })

  it('is off by at most half a step, along either axis', () => {
    const { data } = randomTensor('values', [40, 30])
    for (const axis of [0, 1]) {
      const { quantized, scale } = quantizedRows(data, [40, 30], axis)
      for (let i = 0; i < data.length; i++) {
        const step = scale[axis === 0 ? Math.floor(i / 30) : i % 30]!
        expect(Math.abs(quantized[i]! * step - data[i]!)).toBeLessThanOrEqual(0.5001 * step)
      }
    }
  })
})

it.each([
  ['fp32', 1, 1e-6],
  ['fp16', 0.52, 1e-3],
  ['q8', 0.28, 2e-2],
  ['int8', 0.28, 4e-2],
] as const)(
  'weights in %s are that much of float32 and give its products',
  async (precision: ExportPrecision, part, error) => {
    const images = randomTensor('x', [5, 64]).data
    const weights = randomTensor('w', [96, 64]).data
    const x = input('x', [5, 64])
    const w = constant('w', [96, 64], () => weights)
    const made = async (kept: ExportPrecision) => {
      const files = await modelFiles(
        inPrecision(
          { y: gemm(x, w, { transB: true }), again: gemm(x, reshape(w, [96, 64]), { transB: true }) },
          kept,
        ),
        { name: 'model.onnx' },
      )
      return files.get('model.onnx')!
    }
    const run = async (stream: Awaited<ReturnType<typeof made>>) =>
      (await runModel(await bytesOfStream(stream), { x: { shape: [5, 64], data: images } })).y!.data
    const [full, smaller] = [await made('fp32'), await made(precision)]
    const [expected, found] = [await run(full), await run(smaller)]
    const largest = Math.max(...expected.map(Math.abs))
    expect(Math.max(...found.map((y, i) => Math.abs(y - expected[i]!))) / largest).toBeLessThan(error)
    expect(smaller.size / full.size).toBeLessThanOrEqual(part + 0.05)
  },
)
