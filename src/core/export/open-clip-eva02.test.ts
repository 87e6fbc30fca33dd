import { describe, expect, it } from 'vitest'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import type { ClipConfig } from '../clip/config.js'
import { clipLora } from '../methods/clip-lora.js'
import { fineTune } from '../methods/fine-tune.js'
import { twoStage } from '../methods/two-stage.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { inferClipConfig } from '../weights/clip-config.js'
import { requiredTensors } from '../weights/clip-shapes.js'
import { canonicalWeights } from '../weights/names.js'
import type { WeightEntry } from '../weights/state-dict.js'
import { openClipEva02, openClipEva02Tensors } from './open-clip-eva02.js'

const config: ClipConfig = {
  embedDim: 16,
  activation: 'exact',
  vision: { kind: 'eva02', resolution: 32, patchSize: 16, width: 64, layers: 2, heads: 1 },
  text: { contextLength: 77, vocabSize: 49408, width: 64, layers: 1, heads: 1 },
}
const clip = randomClip(config, wordTokenizer as Tokenizer)
/** Compared as a whole: the table of tokens has three million values. */
const bytes = (x: Float32Array) => Buffer.from(x.buffer, x.byteOffset, x.byteLength)

describe('EVA-CLIP as a model of open_clip', () => {
  it('is read back as what it was, tensor by tensor', async () => {
    const own = [...requiredTensors(config, () => undefined)]
    const written = openClipEva02Tensors(
      own.map(([name, shape]) => ({ name, shape, load: () => clip.tensors.read(name) })),
    )
    const entries = written.map(({ name, shape, load }): [string, WeightEntry] => [
      name,
      {
        name,
        shape,
        dtype: 'float32',
        read: load,
        readRows: () => Promise.reject(new Error('rows')),
        readInto: async (into) => into.set(await load()),
      },
    ])
    const read = canonicalWeights({ entries: new Map(entries), source: 'file', close: async () => {} })
    expect(inferClipConfig(read, 'file')).toEqual(config)
    for (const [name, shape] of own) {
      const entry = read.entries.get(name)!
      expect(entry.shape, name).toEqual(shape)
      expect(bytes(await entry.read()).equals(bytes(await clip.tensors.read(name))), name).toBe(true)
    }
    expect(new Map(entries).get('visual.trunk.pos_embed')!.shape).toEqual([1, 5, 64])
    expect(new Map(entries).get('visual.trunk.head.weight')!.shape).toEqual([16, 64])
  })

  it('goes by the name that timm has for its sizes', () => {
    const large = {
      kind: 'eva02',
      resolution: 336,
      patchSize: 14,
      width: 1024,
      layers: 24,
      heads: 16,
    } as const
    expect(openClipEva02(large)).toMatchObject({ timm_model_name: 'eva02_large_patch14_clip_336' })
    expect(() => openClipEva02({ ...large, resolution: 448 })).toThrow(
      /no EVA02 image tower of 24 blocks, width 1024 and patches of 14 at 448 pixels/,
    )
  })
})

describe('methods that train weights of towers, on EVA-CLIP', () => {
  it('train those of the text tower', () => {
    const { parameters } = fineTune.configure(
      fineTune.options.parse({ towers: 'text', tuned: 'layernorm' }),
      clip,
      ['a'],
    )
    expect(parameters.map(({ name }) => name)).toEqual(
      ['transformer.resblocks.0.ln_1', 'transformer.resblocks.0.ln_2', 'ln_final'].flatMap((name) => [
        `${name}.weight`,
        `${name}.bias`,
      ]),
    )
  })

  it.each([fineTune, clipLora, twoStage])('say that they cannot train the image tower: $title', (method) => {
    const configure = () => method.configure(method.options.parse({}) as never, clip, ['a'])
    expect(configure).toThrow(/weights of an EVA02 image tower cannot be trained/)
  })
})
