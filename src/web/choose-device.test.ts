import { expect, it } from 'vitest'
import { type DeviceProbe, decideDevice } from './choose-device.js'

const tensor = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) })
const right = { loss: tensor(2), gradient: tensor(100, -50, 0) }
const probe = (given: Partial<DeviceProbe>): DeviceProbe => ({
  threads: 4,
  isolated: true,
  adapter: 'hardware',
  run: async () => right,
  ...given,
})

it('takes WebGPU where it computes what WebAssembly does, but for rounding', async () => {
  const run: DeviceProbe['run'] = async (provider) =>
    provider === 'wasm' ? right : { loss: tensor(2.0001), gradient: tensor(100.001, -50, 0) }
  const found = await decideDevice(probe({ run }))
  expect(found).toMatchObject({ device: 'webgpu', webgpu: { agrees: true, worstOutput: 'loss' } })
  expect(found.reasons).toEqual([
    expect.stringMatching(/as WebAssembly does: the largest difference is 5.0e-5 in loss/),
  ])
})

it.each([
  [
    'wrong',
    { loss: tensor(2), gradient: tensor(100, -50, 0.02) },
    /off by 2.0e-4 in gradient; 1e-4 is allowed/,
  ],
  ['no number', { loss: tensor(Number.NaN), gradient: tensor(100, -50, 0) }, /off by NaN in loss/],
])('takes WebAssembly where WebGPU gives what is %s', async (_, wrong, reason) => {
  const found = await decideDevice(probe({ run: async (provider) => (provider === 'wasm' ? right : wrong) }))
  expect(found).toMatchObject({ device: 'wasm', threads: 4, webgpu: { agrees: false } })
  expect(found.reasons[0]).toMatch(reason)
})

it.each<[string, Partial<DeviceProbe>, RegExp]>([
  [
    'fails',
    { run: () => Promise.reject(new Error('device lost')) },
    /fails a small step of training \(device lost\)/,
  ],
  [
    'hangs',
    { patience: 10, run: async (provider) => (provider === 'wasm' ? right : new Promise(() => {})) },
    /fails a small step of training \(no answer within 0.01 seconds\)/,
  ],
  ['is not there', { adapter: 'no WebGPU' }, /has no WebGPU/],
  ['has no adapter', { adapter: 'none' }, /finds no graphics processor/],
  ['is software', { adapter: 'software' }, /in software, which is slower/],
])('takes WebAssembly where WebGPU %s', async (_, given, reason) => {
  const found = await decideDevice(probe({ isolated: false, ...given }))
  expect(found).toMatchObject({ device: 'wasm', threads: 1 })
  expect(found.reasons[0]).toMatch(reason)
  expect(found.reasons[1]).toBe('The page is not cross-origin isolated: WebAssembly has one thread.')
})
