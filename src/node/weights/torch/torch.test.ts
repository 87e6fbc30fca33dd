import { readFileSync } from 'node:fs'
import { crc32, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { goldenBytes, goldenPath } from '../../../../test/support/golden-files.js'
import { pickle } from '../../../../test/support/pickle-writer.js'
import { rejection } from '../../../../test/support/rejection.js'
import { counting, stateDict, torchFile, torchRecords } from '../../../../test/support/torch-writer.js'
import { type ZipInput, zipOf } from '../../../../test/support/zip-writer.js'
import { memorySource } from '../../../core/weights/byte-source.js'
import { float16ToFloat32, float32ToFloat16 } from '../../../core/weights/float16.js'
import type { StateDict } from '../../../core/weights/state-dict.js'
import { torchFileOf } from './torch.js'

const open = (bytes: Uint8Array) => torchFileOf(memorySource(bytes, 'file'))
const values = async (file: StateDict, name: string) => [...(await file.entries.get(name)!.read())]

const checkpoint = (name: string) => goldenBytes(`checkpoints/${name}/prompt_learner/model.pth.tar-3`)

describe('a checkpoint of the original code', () => {
  const expected = JSON.parse(readFileSync(goldenPath('checkpoints/checkpoints.json'), 'utf8'))[
    'coop/prompt_learner/model.pth.tar-3'
  ]

  it.each([
    ['coop', 'float32'],
    ['coop_legacy_format', 'float32'],
    ['coop_fp16_cuda', 'float16'],
  ])(
    '%s gives names, shapes and types of its state dict, and the plain data beside it',
    async (name, dtype) => {
      const file = await open(checkpoint(name))
      const found = [...file.entries.values()].map((e) => [e.name, { shape: e.shape, dtype: e.dtype }])
      const wanted = Object.entries(expected.state_dict as Record<string, { shape: number[] }>)
      expect(found).toEqual(wanted.map(([key, { shape }]) => [key, { shape, dtype }]))
      expect(file.extra.epoch).toBe(3)
      expect(file.extra.val_result).toBeNull()
      const { param_groups: groups } = file.extra.optimizer as { param_groups: Record<string, unknown>[] }
      expect(groups[0]).toMatchObject({ lr: expected.optimizer_param_groups[0].lr, momentum: 0.9 })
      const { scheduler } = file.extra as { scheduler: Record<string, unknown> }
      expect(scheduler).toMatchObject({ warmup_epoch: 1 })
      expect(scheduler).not.toHaveProperty('successor')
    },
  )

  it('has the same tensors in the older format, and rounded ones in half precision', async () => {
    const [plain, legacy, half] = await Promise.all(
      ['coop', 'coop_legacy_format', 'coop_fp16_cuda'].map((name) => open(checkpoint(name))),
    )
    for (const name of plain!.entries.keys()) {
      const reference = await plain!.entries.get(name)!.read()
      expect(await legacy!.entries.get(name)!.read()).toEqual(reference)
      const rounded = new Float32Array(reference.length)
      float16ToFloat32(float32ToFloat16(reference), rounded)
      expect(await half!.entries.get(name)!.read()).toEqual(rounded)
    }
  })

  it('has prefix and suffix as views into the embedding of whole prompts', async () => {
    const file = await open(checkpoint('coop'))
    const clip = await open(goldenBytes('containers/vitB_state_dict.pt'))
    const [start, end, padding] = await Promise.all(
      [49406, 49407, 0].map((token) => clip.entries.get('token_embedding.weight')!.readRows([token])),
    )
    const prefix = file.entries.get('token_prefix')!
    const suffix = file.entries.get('token_suffix')!
    for (let c = 0; c < 6; c++) {
      expect(await prefix.readRows([c])).toEqual(start)
      const rows = await suffix.readRows([c])
      const row = (i: number) => rows.subarray(64 * i, 64 * (i + 1))
      expect(row(71)).toEqual(padding)
      expect(
        Array.from({ length: 72 }, (_, i) => i).filter((i) => row(i).join() === end!.join()),
      ).toHaveLength(1)
    }
  })
})

describe('tensors of a PyTorch file', () => {
  it('may be views with offsets and strides into one storage', async () => {
    const file = await open(
      torchFile(
        stateDict({
          whole: { key: '0', length: 24, shape: [2, 3, 4], strides: [12, 4, 1] },
          transposed: { key: '0', length: 24, offset: 12, shape: [4, 3], strides: [1, 4] },
          columns: { key: '0', length: 24, offset: 1, shape: [2, 3, 2], strides: [12, 4, 2] },
          repeated: { key: '0', length: 24, offset: 5, shape: [3, 2], strides: [0, 1] },
          one: { key: '0', length: 24, offset: 23, shape: [], strides: [] },
          none: { key: '0', length: 24, offset: 24, shape: [0, 5], strides: [5, 1] },
          thin: { key: '0', length: 24, offset: 3, shape: [1, 2], strides: [999, 1] },
        }),
        { 0: counting(24) },
      ),
    )
    expect(await values(file, 'whole')).toEqual(Array.from({ length: 24 }, (_, i) => i))
    expect(await values(file, 'transposed')).toEqual([12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23])
    expect(await values(file, 'columns')).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23])
    expect([...(await file.entries.get('columns')!.readRows([1, 0]))].slice(0, 7)).toEqual([
      13, 15, 17, 19, 21, 23, 1,
    ])
    expect(await values(file, 'repeated')).toEqual([5, 6, 5, 6, 5, 6])
    expect(await values(file, 'one')).toEqual([23])
    expect(await values(file, 'none')).toEqual([])
    expect(await values(file, 'thin')).toEqual([3, 4])
  })

  it('may be of any real type', async () => {
    const bytes = (data: ArrayBufferView) => new Uint8Array(data.buffer)
    const storages = {
      HalfStorage: Uint16Array.of(0x3c00, 0xc000),
      BFloat16Storage: Uint16Array.of(0x3f80, 0xc000),
      FloatStorage: Float32Array.of(1, -2),
      DoubleStorage: Float64Array.of(1, -2),
      LongStorage: BigInt64Array.of(1n, -2n),
      IntStorage: Int32Array.of(1, -2),
      ShortStorage: Int16Array.of(1, -2),
      CharStorage: Int8Array.of(1, -2),
      ByteStorage: Uint8Array.of(1, 254),
      BoolStorage: Uint8Array.of(1, 0),
    }
    const views = Object.fromEntries(
      Object.keys(storages).map((type) => [type, { type, key: type, length: 2, shape: [2], strides: [1] }]),
    )
    const data = Object.fromEntries(Object.entries(storages).map(([type, array]) => [type, bytes(array)]))
    const file = await open(torchFile(stateDict(views), data))
    for (const type of Object.keys(storages)) {
      const last = type === 'ByteStorage' ? 254 : type === 'BoolStorage' ? 0 : -2
      expect(await values(file, type), type).toEqual([1, last])
    }
  })

  it('may lie in compressed records, of any alignment', async () => {
    const data = counting(700_000)
    const view = { key: '0', length: 700_000, shape: [700_000], strides: [1] }
    const [pickled, storage] = torchRecords(stateDict({ t: view, u: { ...view, type: 'FloatStorage' } }), {
      0: data,
    })
    const deflate = (input: ZipInput): ZipInput => ({
      ...input,
      method: 8,
      data: deflateRawSync(input.data),
      size: input.data.length,
      crc: crc32(input.data),
    })
    const file = await open(zipOf([deflate(pickled!), deflate(storage!)]))
    expect((await file.entries.get('t')!.read())[699_999]).toBe(699_999)
    expect([...(await file.entries.get('u')!.readRows([5, 699_998]))]).toEqual([5, 699_998])
  })

  it('of modules compiled by TorchScript are named by attribute path', async () => {
    const view = { key: '0', length: 4, shape: [2, 2], strides: [2, 1] }
    const inner = pickle.instance(
      '__torch__.torch.nn',
      'Linear',
      pickle.dict([
        [pickle.text('training'), Buffer.from([0x89])],
        [pickle.text('weight'), pickle.tensor(view)],
      ]),
    )
    const root = pickle.instance(
      '__torch__.clip',
      'CLIP',
      pickle.dict([
        [pickle.text('scale'), pickle.tensor({ ...view, shape: [], strides: [] })],
        [pickle.text('proj'), inner],
      ]),
    )
    const records = torchRecords(root, { 0: counting(4) })
    const file = await open(
      zipOf([...records, { path: 'model/constants.pkl', data: pickle.of(pickle.none) }]),
    )
    expect([...file.entries.keys()]).toEqual(['scale', 'proj.weight'])
    await expect(open(zipOf(records))).rejects.toThrow(/__torch__/)
  })

  it('nested in a checkpoint are found, what else is plain comes with them', async () => {
    const view = { key: '0', length: 4, shape: [4], strides: [1] }
    const cycle = Buffer.concat([Buffer.from(']q\x63'), Buffer.from('h\x63a')])
    const root = pickle.dict([
      [pickle.text('epoch'), pickle.integer(7)],
      [pickle.text('model_state_dict'), stateDict({ w: view })],
      [pickle.text('history'), pickle.tuple(pickle.integer(1), pickle.tensor(view), pickle.text('a'))],
      [pickle.text('cycle'), cycle],
      [pickle.text('__proto__'), pickle.dict([[pickle.integer(3), pickle.integer(4)]])],
    ])
    const file = await open(torchFile(root, { 0: counting(4) }))
    expect([...file.entries.keys()]).toEqual(['w'])
    expect(file.extra.epoch).toBe(7)
    expect(file.extra.history).toEqual([1, 'a'])
    expect(file.extra.cycle).toEqual([])
    expect(Object.keys(file.extra)).toContain('__proto__')
    expect((file.extra as { inherited?: unknown }).inherited).toBeUndefined()
  })

  it('are missing: the file is refused', async () => {
    expect(await rejection(() => open(torchFile(pickle.dict([]), {})))).toMatch(/no named tensors/)
    expect(await rejection(() => open(torchFile(pickle.integer(1), {})))).toMatch(/no named tensors/)
  })

  it('beside a small pickle that would expand without end are refused', async () => {
    const levels = Array.from({ length: 40 }, (_, i) =>
      i === 0
        ? Buffer.from('(K\x01K\x01tq\x00')
        : Buffer.concat([Buffer.from([0x68, i - 1, 0x68, i - 1, 0x86, 0x71, i])]),
    )
    const root = pickle.dict([
      [pickle.text('w'), pickle.tensor({ key: '0', length: 1, shape: [1], strides: [1] })],
      [pickle.text('bomb'), pickle.tuple(...levels)],
    ])
    expect(await rejection(() => open(torchFile(root, { 0: counting(1) })))).toMatch(
      /more than 1000000 plain values/,
    )
  })
})
