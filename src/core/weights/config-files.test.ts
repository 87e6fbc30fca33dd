import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { extractGolden, goldenPath, temporaryFolder } from '../../../test/support/golden-files.js'
import { rejection } from '../../../test/support/rejection.js'
import { openClip } from '../../node/weights/load-clip.js'

type Kind = 'hf' | 'open_clip'

const files = {
  hf: ['hf_vitB/model.safetensors', 'config.json'],
  open_clip: ['open_clip_vitB/open_clip_model.safetensors', 'open_clip_config.json'],
} as const

const folders = {} as Record<Kind, string>

beforeAll(() => {
  for (const kind of ['hf', 'open_clip'] as const) {
    folders[kind] = join(temporaryFolder(), kind)
    mkdirSync(folders[kind])
    extractGolden(`containers/${files[kind][0]}`, folders[kind])
  }
})

/** Writes the configuration of the reference model with other values at some keys; undefined removes one. */
function changeConfig(kind: Kind, changes: Readonly<Record<string, unknown>>): string {
  const name = files[kind][1]
  const json = JSON.parse(readFileSync(goldenPath(`containers/${kind}_vitB/${name}`), 'utf8'))
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.')
    const last = keys.pop() as string
    const target = keys.reduce((object, key) => object[key], json)
    target[last] = value
  }
  writeFileSync(join(folders[kind], name), JSON.stringify(json))
  return folders[kind]
}

async function configWith(kind: Kind, changes: Readonly<Record<string, unknown>>) {
  const { config, close } = await openClip(changeConfig(kind, changes))
  await close()
  return config
}

const refusal = (kind: Kind, text: string) => {
  writeFileSync(join(folders[kind], files[kind][1]), text)
  return rejection(() => openClip(folders[kind]))
}

describe('a configuration file', () => {
  it('of Hugging Face decides between quick and exact GELU, quick without a word', async () => {
    const activation = async (name: string | undefined) =>
      (await configWith('hf', { 'text_config.hidden_act': name, 'vision_config.hidden_act': name }))
        .activation
    expect(await activation('gelu')).toBe('exact')
    expect(await activation('quick_gelu')).toBe('quick')
    expect(await activation(undefined)).toBe('quick')
  })

  it('of open_clip decides between quick and exact GELU, exact without a word', async () => {
    const activation = async (value: boolean | undefined) =>
      (await configWith('open_clip', { 'model_cfg.quick_gelu': value })).activation
    expect(await activation(true)).toBe('quick')
    expect(await activation(false)).toBe('exact')
    expect(await activation(undefined)).toBe('exact')
  })

  it('decides the number of heads', async () => {
    const huggingFace = await configWith('hf', {
      'vision_config.num_attention_heads': 4,
      'text_config.num_attention_heads': 8,
    })
    expect([huggingFace.vision.heads, huggingFace.text.heads]).toEqual([4, 8])
    const openClip = await configWith('open_clip', {
      'model_cfg.vision_cfg.head_width': 32,
      'model_cfg.text_cfg.heads': undefined,
    })
    expect([openClip.vision.heads, openClip.text.heads]).toEqual([4, 8])
  })

  it('may state the values of a tower in a second place, as older Hugging Face files do', async () => {
    const config = await configWith('hf', {
      text_config_dict: { num_attention_heads: 2 },
      vision_config_dict: null,
    })
    expect(config.text.heads).toBe(2)
  })

  it.each<[string, Kind, string, unknown, RegExp]>([
    [
      'other sizes',
      'hf',
      'vision_config.num_hidden_layers',
      3,
      /num_hidden_layers is 3, but the tensors of .* have 2/,
    ],
    ['another kind of model', 'hf', 'model_type', 'siglip', /model_type is "siglip"/],
    ['an unknown activation', 'hf', 'text_config.hidden_act', 'relu', /text_config\.hidden_act is "relu"/],
    ['two activations', 'hf', 'text_config.hidden_act', 'gelu', /gelu for text and quick_gelu for images/],
    ['another epsilon', 'hf', 'text_config.layer_norm_eps', 1e-6, /layer_norm_eps is 0.000001/],
    [
      'another image tower',
      'open_clip',
      'model_cfg.vision_cfg.timm_model_name',
      'vit',
      /timm_model_name is "vit"/,
    ],
    [
      'another text tower',
      'open_clip',
      'model_cfg.text_cfg.hf_model_name',
      'bert',
      /hf_model_name is "bert"/,
    ],
    ['another pooling', 'open_clip', 'model_cfg.vision_cfg.pool_type', 'avg', /pool_type is "avg"/],
    ['no model', 'open_clip', 'model_cfg', undefined, /model_cfg is undefined/],
    [
      'another embedding',
      'open_clip',
      'model_cfg.embed_dim',
      512,
      /embed_dim is 512, but the tensors of .* have 32/,
    ],
    [
      'another depth',
      'open_clip',
      'model_cfg.vision_cfg.layers',
      12,
      /layers is 12, but the tensors of .* have 2/,
    ],
    ['heads that do not divide', 'open_clip', 'model_cfg.vision_cfg.head_width', 48, /attention heads/],
  ])('is refused with %s (%s)', async (_, kind, key, value, message) => {
    const path = changeConfig(kind, { [key]: value })
    expect(await rejection(() => openClip(path))).toMatch(message)
  })

  it('is refused when it is damaged or reaches for prototypes', async () => {
    expect(await refusal('hf', '{"a":')).toMatch(/config\.json: not JSON/)
    expect(await refusal('hf', '{"__proto__": {"model_type": "clip"}}')).toMatch(/has the key "__proto__"/)
    expect(await refusal('hf', ' '.repeat(2 ** 24 + 1))).toMatch(/expected a JSON file of at most/)
  })
})
