import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { expectRefused, promptsrc, promptsrcProcess } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-configs-'))
const at = (...parts: string[]) => join(folder, ...parts)
const run = (...args: string[]) => promptsrc(folder, ...args)
const name = 'promptsrc/vit_b16_c2_ep20_batch4_4+4ctx'
const quick = ['DATASET.NUM_SHOTS', '1', 'OPTIM.MAX_EPOCH', '2']
const settingsOf = (out: string) => parse(readFileSync(at(out, 'config.yaml'), 'utf8')).settings

beforeAll(() => photoFolder(at('photos'), 1))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('train --config', () => {
  it('trains as a published configuration says, with the values behind it', async () => {
    const { code, stderr } = await run(
      ...['train', 'photos', '--model', 'tiny', '--config', name, '--out', 'published'],
      ...[...quick, 'OPTIM.WARMUP_EPOCH', '-1', 'DATASET.SUBSAMPLE_CLASSES', 'base', 'TRAIN.PRINT_FREQ', '5'],
    )
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('config: without effect here: TRAIN.PRINT_FREQ\n')
    expect(settingsOf('published')).toMatchObject({
      shots: 1,
      epochs: 2,
      warmupEpochs: 0,
      classes: 'base',
      methodOptions: { gpaMean: 15, gpaStd: 1 },
    })
  })

  it('reads files over it, and lets the options of the command win', async () => {
    writeFileSync(
      at('own.yaml'),
      'MODEL: {BACKBONE: {NAME: tiny}}\nINPUT:\n  SIZE: (48, 48)\nOUTPUT_DIR: own\nOPTIM: {MAX_EPOCH: 9, LR: 1e-3}\nTRAINER: {PROMPTSRC: {TEXT_LOSS_WEIGHT: 3, IMAGE_LOSS_WEIGHT: 4}}\n',
    )
    const { code, stderr } = await run(
      ...['train', 'photos', '--config', name, '--config', 'own.yaml', '--epochs', '1', '--shots', '1'],
      ...['--set', 'textLossWeight=5', 'OPTIM.MAX_EPOCH', '8'],
    )
    expect(code, stderr).toBe(0)
    expect(settingsOf('own')).toMatchObject({
      epochs: 1,
      learningRate: 0.001,
      methodOptions: { textLossWeight: 5, imageLossWeight: 4 },
    })
  })

  it('continues a run of a configuration, given again or not', async () => {
    const again = ['--config', name, '--config', 'own.yaml', '--set', 'textLossWeight=5']
    const { code, stderr } = await run(
      'train',
      ...['OPTIM.MAX_EPOCH', '1', 'DATASET.NUM_SHOTS', '1'],
      '--resume',
      '--out',
      'own',
      ...again,
    )
    expect(code, stderr).toBe(0)
    expect(await run('train', '--resume', '--out', 'own')).toMatchObject({ code: 0 })
    expectRefused(
      await run('train', '--resume', '--out', 'own', ...again, 'OPTIM.LR', '0.5'),
      'own was begun with settings.shots 1, not 16',
    )
  })

  it.each<[string, string[], ...string[]]>([
    ['a file that is not there', ['--config', 'none.yaml'], 'no configuration none.yaml'],
    [
      'a published one by its path in the reference',
      ['--config', 'configs/trainers/PromptSRC/vit_b16_c2_ep50_batch4_4+4ctx_few_shot.yaml'],
      'Did you mean promptsrc/vit_b16_c2_ep50_batch4_4+4ctx_few_shot?',
    ],
    ['an unknown key', ['--config', name, 'OPTIM.RL', '1'], 'OPTIM.RL: unknown key', 'OPTIM.LR'],
    [
      'a value of another type',
      ['--config', name, 'OPTIM.LR', 'fast'],
      "OPTIM.LR 'fast'",
      'a number above 0',
    ],
    [
      'what cannot be honoured',
      ['--config', name, 'OPTIM.NAME', 'adam'],
      "OPTIM.NAME 'adam'",
      "expected 'sgd'",
    ],
    ['a key without a value', ['--config', name, 'OPTIM.LR'], 'OPTIM.LR: a key without a value'],
    ['keys without a configuration', ['OPTIM.LR', '1'], 'OPTIM.LR 1', '--config'],
    [
      'an image size that is not the model’s',
      ['--config', name, 'MODEL.BACKBONE.NAME', 'tiny'],
      'INPUT.SIZE 224: tiny takes images of 48 pixels',
    ],
  ])('refuses %s', async (_, args, ...messages) => {
    expectRefused(await run('train', 'photos', '--out', 'refused', ...args), ...messages)
    expect(existsSync(at('refused'))).toBe(false)
  })
})

describe('configs', () => {
  it('lists the published configurations with their values', async () => {
    const { code, stdout } = await promptsrcProcess(folder, 'configs')
    expect(code).toBe(0)
    expect(stdout).toContain(
      `${name}\n  base-to-novel\n  ViT-B/16, 20 epochs, batch 4, lr 0.0025\n  N_CTX_VISION=4 N_CTX_TEXT=4`,
    )
    const list = JSON.parse((await run('configs', '--json')).stdout)
    expect(list[0]).toMatchObject({ name, values: { 'OPTIM.LR': 0.0025, 'TRAINER.PROMPTSRC.GPA_MEAN': 15 } })
  })

  it('prints one as a YAML file that can be read again', async () => {
    writeFileSync(at('printed.yaml'), (await run('configs', name)).stdout)
    const values = async (source: string) => JSON.parse((await run('configs', source, '--json')).stdout)
    expect(await values('printed.yaml')).toEqual(await values(name))
    expectRefused(await run('configs', 'promptsrc/vit'), 'no configuration promptsrc/vit')
  })

  it('lists the keys with what becomes of them', async () => {
    const { stdout } = await run('configs', '--keys')
    expect(stdout).toMatch(/^OPTIM\.LR +honoured +learning rate; --lr; default 0\.0003$/m)
    expect(stdout).toMatch(/^OPTIM\.NAME +fixed .*; only 'sgd'$/m)
    expect(stdout).toMatch(/^DATALOADER\.NUM_WORKERS +none /m)
    expect(JSON.parse((await run('configs', '--keys', '--json')).stdout)).toContainEqual(
      expect.objectContaining({ key: 'SEED', effect: 'honoured', default: 1 }),
    )
  })
})
