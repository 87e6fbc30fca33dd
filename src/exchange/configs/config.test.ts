import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../../core/errors.js'
import { learningRate } from '../../core/train/schedule.js'
import { resolveSettings, scheduleOf } from '../../core/train/settings.js'
import { allKeys } from './check-values.js'
import { readConfig } from './config.js'
import { publishedConfigs } from './published.js'
import { pythonLiteral } from './value.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function yaml(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const base = 'promptsrc/vit_b16_c2_ep20_batch4_4+4ctx'
const withKeys = (...overrides: string[]) => readConfig([base], { overrides })
const rates = async (...overrides: string[]) => {
  const schedule = scheduleOf(resolveSettings((await withKeys(...overrides)).settings))
  return Array.from({ length: schedule.epochs }, (_, i) => learningRate(schedule, i + 1))
}

describe('a configuration file', () => {
  const complete = `
DATALOADER: {TRAIN_X: {BATCH_SIZE: 8}, TEST: {BATCH_SIZE: 100}, NUM_WORKERS: 8}
INPUT:
  SIZE: (224, 224)
  INTERPOLATION: "bicubic"
  PIXEL_MEAN: [0.48145466, 0.4578275, 0.40821073]
  PIXEL_STD: [0.26862954, 0.26130258, 0.27577711]
  TRANSFORMS: ["random_resized_crop", "random_flip", "normalize"]
OPTIM: {NAME: "sgd", LR: 0.01, MAX_EPOCH: 30, LR_SCHEDULER: "cosine", WARMUP_EPOCH: 2, WARMUP_TYPE: "constant", WARMUP_CONS_LR: 1e-4}
MODEL: {BACKBONE: {NAME: "ViT-B/32"}}
TRAINER: {IVLP: {N_CTX_VISION: 3, PREC: "fp16"}}
`

  it('is read into settings, with the reference’s defaults for what it leaves out', async () => {
    const { settings, model, imageSize, out, withoutEffect } = await readConfig([yaml('a.yaml', complete)])
    expect(resolveSettings(settings)).toMatchObject({
      method: 'ivlp',
      methodOptions: { visionContext: 3, textContext: 2, textDepth: 9, contextInit: 'a photo of a' },
      batchSize: 8,
      learningRate: 0.01,
      epochs: 30,
      warmupEpochs: 2,
      warmupLearningRate: 1e-4,
      momentum: 0.9,
      weightDecay: 5e-4,
      shots: 16,
      seed: 1,
      classes: 'all',
    })
    expect({ model, imageSize, out }).toEqual({ model: 'ViT-B/32', imageSize: 224, out: undefined })
    expect(withoutEffect).toEqual([
      'DATALOADER.TEST.BATCH_SIZE',
      'DATALOADER.NUM_WORKERS',
      'TRAINER.IVLP.PREC',
    ])
  })

  it('may be laid over a published one, and pairs over both', async () => {
    const short = yaml(
      'short.yaml',
      'OPTIM: {LR: 0.01}\nDATASET: {NUM_SHOTS: 4, SUBSAMPLE_CLASSES: new}\nSEED: 3',
    )
    const { settings } = await readConfig([base, short], {
      overrides: ['OPTIM.LR', '1e-3', 'OUTPUT_DIR', 'there', 'TRAINER.PROMPTSRC.CTX_INIT', 'a drawing of'],
    })
    expect(settings).toMatchObject({ learningRate: 0.001, shots: 4, classes: 'novel', seed: 3, epochs: 20 })
    expect(settings.methodOptions).toMatchObject({ gpaMean: 15, contextInit: 'a drawing of' })
  })

  it('is refused where it leaves out what the reference would do otherwise, with the way to complete it', async () => {
    const short = yaml('short.yaml', 'TRAINER: {IVLP: {N_CTX_TEXT: 2}}')
    const error: ConfigError = await readConfig([short]).catch((error) => error)
    expect(error).toBeInstanceOf(ConfigError)
    for (const key of ['OPTIM.NAME', 'INPUT.INTERPOLATION', 'INPUT.PIXEL_MEAN', 'INPUT.TRANSFORMS'])
      expect(error.message).toContain(key)
    expect(error.hint).toContain(`--config ivlp/vit_b16_c2_ep20_batch4_4+4ctx --config ${short}`)
  })

  it('may say every key of the reference', async () => {
    const overrides = [...allKeys].flatMap(([key, { value, taken }]) => [key, pythonLiteral(taken ?? value)])
    const { settings, withoutEffect } = await readConfig([base], {
      overrides: [...overrides, 'TRAINER.NAME', 'PromptSRC', 'TRAINER.FIXMATCH.WEIGHT_U', '1.0'],
    })
    expect(settings.method).toBe('promptsrc')
    const effects = [...allKeys].filter(([, { effect }]) => effect === 'none').map(([key]) => key)
    expect(withoutEffect).toEqual(expect.arrayContaining([...effects, 'TRAINER.MAPLE.N_CTX']))
    expect(withoutEffect).not.toContain('TRAINER.PROMPTSRC.N_CTX_TEXT')
  })

  it('names every key that is wrong at once', async () => {
    const path = yaml('bad.yaml', 'OPTIM: {MAX_EPOCHS: 3, LR: fast}\nTRAINER: {PROMPTSRC: {GPA_STD: 0}}')
    await expect(readConfig([base, path])).rejects.toThrow(
      /3 keys cannot be honoured\n.*OPTIM\.LR 'fast': expected a number above 0\n.*GPA_STD 0: .*\n.*MAX_EPOCHS: unknown key; did you mean OPTIM.MAX_EPOCH\?/,
    )
  })
})

describe('a wrong pair', () => {
  const name = publishedConfigs[0]!.name

  it('is blamed on the command line, not on a file', async () => {
    const error = await readConfig([name], { overrides: ['OPTIM.LR', 'abc'] }).catch((cause) => cause)
    expect(error.message).toBe("on the command line: OPTIM.LR 'abc': expected a number above 0")
  })

  it('is told from what is wrong in a file', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'pairs-')), 'c.yaml')
    writeFileSync(path, 'SEED: -1\n')
    const error = await readConfig([name, path], { overrides: ['OPTIM.LR', 'abc'] }).catch((cause) => cause)
    expect(error.message).toContain(`${name} + ${path}: 2 keys cannot be honoured`)
    expect(error.message).toMatch(/SEED -1: expected[^(\n]*$/m)
    expect(error.message).toContain("OPTIM.LR 'abc': expected a number above 0 (on the command line)")
    await expect(readConfig([name, path])).rejects.toThrow(`${name} + ${path}: SEED -1`)
  })
})

describe('a key', () => {
  it.each([
    ['OPTIM.NAME', 'adamw', /expected 'sgd'/],
    ['OPTIM.LR', '0', /expected a number above 0/],
    ['OPTIM.LR', "'0.1'", /expected a number above 0/],
    ['OPTIM.MAX_EPOCH', '2.5', /whole number/],
    ['OPTIM.MAX_EPOCH', 'True', /whole number/],
    ['OPTIM.SGD_NESTEROV', 'True', /expected False/],
    ['OPTIM.LR_SCHEDULER', 'linear', /'cosine' or 'single_step' or 'multi_step'/],
    ['OPTIM.STEPSIZE', '()', /list of epochs/],
    ['OPTIM.MOMENTUM', '1.5', /from 0 to 1/],
    ['INPUT.SIZE', '(224, 200)', /expected a square/],
    ['INPUT.INTERPOLATION', 'bilinear', /expected 'bicubic'/],
    ['INPUT.PIXEL_MEAN', '[0.5, 0.5, 0.5]', /CLIP was trained with its own mean/],
    ['INPUT.TRANSFORMS', "['random_flip', 'normalize']", /expected \['random_resized_crop'/],
    ['DATALOADER.TRAIN_X.SAMPLER', 'SequentialSampler', /expected 'RandomSampler'/],
    ['DATASET.NUM_SHOTS', '-1', /at least 1/],
    ['DATASET.SUBSAMPLE_CLASSES', 'novel', /'all' or 'base' or 'new'/],
    ['DATASET.ROOT', '/data', /DATA argument/],
    ['SEED', '-1', /at least 0/],
    ['RESUME', 'output/run', /--resume/],
    ['TEST.FINAL_MODEL', 'best_val', /expected 'last_step'/],
    ['TRAINER.PROMPTSRC.PREC', 'bf16', /'fp16' or 'fp32' or 'amp'/],
    ['TRAINER.PROMPTSRC.PROMPT_DEPTH_TEXT', '0', /at least 1/],
    ['TRAINER.PROMPTSRC.N_CTX_VISION', '0', /set PROMPT_DEPTH_VISION to 0/],
    ['TRAINER.PROMPTSRC.CTX_INIT', '4', /expected a text/],
    ['TRAINER.VPT.N_CTX_VISION', '8', /unknown key/],
    ['OPTIM', '3', /unknown key/],
    ['__proto__', '3', /unknown key/],
    ['TRAINER.constructor', '3', /unknown key/],
  ])('is refused by name: %s %s', async (key, value, message) => {
    const error: ConfigError = await withKeys(key, value).catch((error) => error)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain(key)
    expect(error.message).toMatch(message)
  })

  it('is refused without a value, and with an equals sign', async () => {
    await expect(withKeys('OPTIM.LR')).rejects.toThrow(/OPTIM.LR: a key without a value/)
    await expect(withKeys('OPTIM.LR=3')).rejects.toMatchObject({
      hint: expect.stringContaining('OPTIM.LR 3'),
    })
  })

  it('of several times the same is worth what it says last', async () => {
    expect((await withKeys('SEED', '3', 'SEED', '4')).settings.seed).toBe(4)
  })
})

describe('schedules', () => {
  it('fall as the reference’s do', async () => {
    const off = ['OPTIM.WARMUP_EPOCH', '-1', 'OPTIM.MAX_EPOCH', '4', 'OPTIM.LR', '1.0', 'OPTIM.GAMMA', '0.5']
    const cosine = await rates(...off)
    expect(cosine.map((rate) => rate.toFixed(4))).toEqual(['1.0000', '0.8536', '0.5000', '0.1464'])
    expect(await rates(...off, 'OPTIM.LR_SCHEDULER', 'single_step', 'OPTIM.STEPSIZE', '(7, 2)')).toEqual([
      1, 1, 0.5, 0.5,
    ])
    expect(await rates(...off, 'OPTIM.LR_SCHEDULER', 'single_step')).toEqual([1, 1, 1, 1])
    expect(await rates(...off, 'OPTIM.LR_SCHEDULER', 'multi_step', 'OPTIM.STEPSIZE', '(1, 3)')).toEqual([
      1, 0.5, 0.5, 0.25,
    ])
    await expect(withKeys('OPTIM.LR_SCHEDULER', 'multi_step')).rejects.toThrow(/OPTIM.STEPSIZE: multi_step/)
  })

  it('begin with the warm-up that is named', async () => {
    const keys = ['OPTIM.MAX_EPOCH', '4', 'OPTIM.LR', '1.0', 'OPTIM.WARMUP_EPOCH', '2']
    const linear = ['OPTIM.WARMUP_TYPE', 'linear', 'OPTIM.WARMUP_MIN_LR', '0.01']
    expect(await rates(...keys, ...linear)).toEqual([0.01, 0.5, 1, expect.closeTo(0.8536, 4)])
    expect(await rates(...keys)).toEqual([1e-5, 1e-5, 1, expect.closeTo(0.8536, 4)])
    const counted = await rates(...keys, 'OPTIM.WARMUP_RECOUNT', 'False')
    expect(counted[3]).toBeCloseTo(0.2929, 4)
  })
})

describe('the method', () => {
  it('is named by the caller, else by TRAINER.NAME, else by the only section', async () => {
    expect((await withKeys()).settings.method).toBe('promptsrc')
    expect((await withKeys('TRAINER.NAME', 'IVLP')).settings.method).toBe('ivlp')
    expect((await readConfig([base], { method: 'ivlp' })).settings.method).toBe('ivlp')
    expect((await withKeys('TRAINER.NAME', "''")).settings.method).toBe('promptsrc')
    await expect(withKeys('TRAINER.NAME', "''", 'TRAINER.IVLP.N_CTX_TEXT', '2')).rejects.toThrow(
      /names PromptSRC and IVLP, expected one/,
    )
    await expect(withKeys('TRAINER.NAME', 'promptsrc')).rejects.toMatchObject({
      hint: expect.stringContaining('Did you mean PromptSRC?'),
    })
  })

  it('has no visual prompts where there are none to count', async () => {
    const vision = ['TRAINER.PROMPTSRC.N_CTX_VISION', '0', 'TRAINER.PROMPTSRC.PROMPT_DEPTH_VISION', '0']
    expect(resolveSettings((await withKeys(...vision)).settings).methodOptions).toMatchObject({
      visionDepth: 0,
    })
  })

  it('takes the length of a context from its words, as CoOp and CoCoOp do', async () => {
    const { settings } = await readConfig(['coop/vit_b16_ctxv1'])
    expect(settings.methodOptions).toMatchObject({ context: 4, contextInit: 'a photo of a' })
    await expect(
      readConfig(['coop/vit_b16_ctxv1'], { overrides: ['TRAINER.COOP.CSC', 'True'] }),
    ).rejects.toThrow(/TRAINER.COOP.CSC: .*set CTX_INIT to "" or CSC to False/)
  })
})
