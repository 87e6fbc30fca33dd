import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-facts-'))
const at = (...parts: string[]) => join(folder, ...parts)
const run = (...args: string[]) => promptsrc(folder, ...args)
const tiny = fileURLToPath(new URL('../../assets/tiny', import.meta.url))

beforeAll(async () => {
  await photoFolder(at('photos'), 1)
  cpSync(tiny, at('alone'), { recursive: true })
  renameSync(at('alone/model.safetensors'), at('alone/epoch_5.safetensors'))
  rmSync(at('alone/open_clip_config.json'))
  cpSync(at('alone'), at('squash'), { recursive: true })
  const model_cfg = {
    vision_cfg: { image_size: 48, layers: 4, width: 128, patch_size: 8 },
    text_cfg: { heads: 2, layers: 3 },
  }
  const preprocess_cfg = { resize_mode: 'squash', interpolation: 'bilinear', mean: 0.5, std: 0.5 }
  writeFileSync(at('squash/open_clip_config.json'), JSON.stringify({ model_cfg, preprocess_cfg }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('promptsrc info', () => {
  it('says how a model wants its images and which activation it has', async () => {
    const { stdout, stderr } = await run('info', 'squash/epoch_5.safetensors', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      activation: 'exact GELU',
      preprocessing: {
        size: 48,
        resize: 'both sides to size',
        interpolation: 'bilinear',
        mean: [0.5, 0.5, 0.5],
        std: [0.5, 0.5, 0.5],
      },
    })
    expect(stderr).toBe('')
    const usual = await run('info', 'tiny')
    expect(usual.stdout).toMatch(/^ {2}resize: short side to size, centre cut out$/m)
    expect(usual.stderr).toBe('')
  })
})

describe('the activation of a model whose files do not say it', () => {
  it('is guessed with a warning that says how to state it', async () => {
    const { code, stdout, stderr } = await run('info', 'alone')
    expect([code, stdout.match(/^activation: .*$/m)![0]]).toEqual([0, 'activation: quick GELU'])
    expect(stderr).toMatch(/^warning: alone\/epoch_5\.safetensors: no configuration says .*--activation.*\n$/)
  })

  it('is stated by --activation, and then a run remembers it', async () => {
    const flags = ['--model', 'alone', '--shots', '1', '--epochs', '1', '--threads', '1', '--out', 'run']
    const trained = await run('train', 'photos', ...flags, '--activation', 'gelu')
    expect(trained).toMatchObject({ code: 0 })
    expect(trained.stderr).not.toContain('warning')
    expect(JSON.parse((await run('info', 'run', '--json')).stdout)).toMatchObject({ activation: 'gelu' })
    expect((await run('eval', 'run', 'photos', '--threads', '1')).stderr).not.toContain('warning')
    expectRefused(
      await run('train', 'photos', '--resume', '--out', 'run', '--activation', 'quick-gelu'),
      'model.activation',
    )
  }, 120_000)

  it('has no other names', async () => {
    const { code, stderr } = await run('info', 'alone', '--activation', 'relu')
    expect(code).toBe(2)
    expect(stderr).toMatch(/--activation.*quick-gelu, gelu/)
  })
})
