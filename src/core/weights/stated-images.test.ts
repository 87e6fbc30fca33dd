import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { changeConfig, configWith, folders } from '../../../test/support/changed-config.js'
import { rejection } from '../../../test/support/rejection.js'
import { openClip } from '../../node/weights/load-clip.js'
import { clipPixels } from '../image/preprocess.js'

describe('the images of a model', () => {
  const halves = [0.5, 0.5, 0.5]

  it("are in CLIP's form where a file says so or nothing", async () => {
    expect(await configWith('open_clip', {})).not.toHaveProperty('pixels')
    expect(await configWith('open_clip', { preprocess_cfg: undefined })).not.toHaveProperty('pixels')
  })

  it('are as preprocess_cfg states them', async () => {
    const preprocess_cfg = {
      size: [32, 32],
      mode: 'RGB',
      mean: halves,
      std: 0.25,
      interpolation: 'bilinear',
      resize_mode: 'squash',
      fill_color: 0,
    }
    expect((await configWith('open_clip', { preprocess_cfg })).pixels).toEqual({
      mean: halves,
      std: [0.25, 0.25, 0.25],
      resize: 'squash',
      interpolation: 'bilinear',
    })
    // As open_clip itself does: bicubic unless it is bilinear.
    expect(await configWith('open_clip', { 'preprocess_cfg.interpolation': 'random' })).not.toHaveProperty(
      'pixels',
    )
  })

  it.each<[string, unknown, RegExp]>([
    ['resize_mode', 'longest', /preprocess_cfg\.resize_mode is "longest"/],
    ['interpolation', 'nearest', /preprocess_cfg\.interpolation is "nearest"/],
    ['mode', 'L', /preprocess_cfg\.mode is "L"/],
    ['size', [32, 48], /preprocess_cfg\.size is \[32,48\]/],
    ['size', 64, /preprocess_cfg\.size is 64, but the tensors of .* have 32/],
    ['std', [1, 0, 1], /preprocess_cfg\.std is \[1,0,1\]: expected positive values/],
    ['mean', [0.5, 0.5], /preprocess_cfg\.mean/],
  ])('are refused where preprocess_cfg.%s asks for what cannot be done: %j', async (key, value, message) => {
    const path = changeConfig('open_clip', { [`preprocess_cfg.${key}`]: value })
    expect(await rejection(() => openClip(path))).toMatch(message)
  })

  const processor = (values: object) => {
    const folder = changeConfig('hf', {})
    writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(values))
    return folder
  }
  afterEach(() => rmSync(join(folders.hf, 'preprocessor_config.json'), { force: true }))

  const pixelsOf = async (values: object) => {
    const { config, close } = await openClip(processor(values))
    await close()
    return config.pixels
  }

  it("are in CLIP's form by the preprocessor_config.json of its models, old and new", async () => {
    const { mean, std } = clipPixels
    const common = {
      do_resize: true,
      do_center_crop: true,
      do_normalize: true,
      image_mean: mean,
      image_std: std,
    }
    const old = {
      ...common,
      size: 32,
      crop_size: 32,
      resample: 3,
      feature_extractor_type: 'CLIPFeatureExtractor',
    }
    const recent = {
      ...common,
      size: { shortest_edge: 32 },
      crop_size: { height: 32, width: 32 },
      resample: 3,
      do_rescale: true,
      rescale_factor: 0.00392156862745098,
      do_convert_rgb: true,
      image_processor_type: 'CLIPImageProcessor',
    }
    expect(await pixelsOf(old)).toBeUndefined()
    expect(await pixelsOf(recent)).toBeUndefined()
    expect(await pixelsOf({})).toBeUndefined()
  })

  it('are as preprocessor_config.json states them', async () => {
    const size = { height: 32, width: 32 }
    expect(await pixelsOf({ size, resample: 2, image_mean: halves, image_std: halves })).toEqual({
      mean: halves,
      std: halves,
      resize: 'squash',
      interpolation: 'bilinear',
    })
    expect(await pixelsOf({ do_normalize: false })).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] })
  })

  it.each<[object, RegExp]>([
    [{ resample: 0 }, /resample is 0/],
    [{ do_resize: false }, /do_resize is false/],
    [{ do_rescale: false }, /do_rescale is false/],
    [{ rescale_factor: 1 }, /rescale_factor is 1: expected 1\/255/],
    [{ do_pad: true }, /do_pad is true/],
    [{ size: { longest_edge: 32 } }, /size is \{"longest_edge":32\}/],
    [{ size: { shortest_edge: 36 }, crop_size: 32 }, /shortest_edge is 36, but crop_size is 32/],
    [{ size: { height: 32, width: 48 } }, /size is 32 x 48, expected a square/],
    [{ do_center_crop: false, size: { shortest_edge: 32 } }, /do_center_crop is false/],
    [{ size: 64, crop_size: 64 }, /size is 64, but the tensors of .* have 32/],
    [{ image_processor_type: 'SiglipImageProcessor' }, /this is a SigLIP model/],
    [{ image_processor_type: 'ViTImageProcessor' }, /expected CLIPImageProcessor/],
  ])(
    'are refused where preprocessor_config.json asks for what cannot be done: %j',
    async (values, message) => {
      const path = processor(values)
      expect(await rejection(() => openClip(path))).toMatch(message)
    },
  )

  it('are as preprocessor_config.json states them beside a model of open_clip that does not', async () => {
    const folder = changeConfig('open_clip', { preprocess_cfg: undefined })
    const path = join(folder, 'preprocessor_config.json')
    writeFileSync(path, JSON.stringify({ size: { height: 32, width: 32 } }))
    try {
      expect((await configWith('open_clip', { preprocess_cfg: undefined })).pixels?.resize).toBe('squash')
      expect(await configWith('open_clip', {})).not.toHaveProperty('pixels')
    } finally {
      rmSync(path)
    }
  })
})
