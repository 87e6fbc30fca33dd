import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { expectRefused, promptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

let folder: string
const options = ['--model', 'tiny', '--method', 'ivlp', '--epochs', '1', '--shots', '1', '--threads', '1']

/** `photos` as they are seen, and `turned` with the same pictures lying on their side, with a note that says so. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'promptsrc-exif-'))
  process.env.PROMPTSRC_CACHE = join(folder, 'cache')
  await photoFolder(join(folder, 'photos'), 2)
  for (const part of ['train', 'test']) {
    for (const name of readdirSync(join(folder, 'photos', part))) {
      mkdirSync(join(folder, 'turned', part, name), { recursive: true })
      for (const file of readdirSync(join(folder, 'photos', part, name))) {
        const turned = sharp(join(folder, 'photos', part, name, file)).rotate(270)
        await turned
          .withMetadata({ orientation: 6 })
          .png()
          .toFile(join(folder, 'turned', part, name, file))
      }
    }
  }
  expect(await promptsrc(folder, 'train', 'photos', ...options, '--out', 'run')).toMatchObject({ code: 0 })
  for (const exif of ['apply', 'ignore']) {
    const out = ['--exif', exif, '--out', `run-${exif}`]
    expect(await promptsrc(folder, 'train', 'turned', ...options, ...out)).toMatchObject({ code: 0 })
  }
})
afterAll(() => {
  delete process.env.PROMPTSRC_CACHE
  rmSync(folder, { recursive: true })
})

const figures = async (...args: string[]) => {
  const { stdout, stderr } = await promptsrc(folder, ...args, '--json')
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout)
}
const configOf = (run: string) => parse(readFileSync(join(folder, run, 'config.yaml'), 'utf8'))
const prompts = (run: string) => readFileSync(join(folder, run, 'prompts.safetensors'))

/** What a run makes of a picture of a blue square. */
const answer = async (photos: string, ...args: string[]) => {
  const { image: _, ...rest } = await figures('predict', 'run', `${photos}/test/blue_square/0.png`, ...args)
  return rest
}

describe('training', () => {
  it('sees photos upright unless told otherwise, and the run says so', async () => {
    expect(Buffer.compare(prompts('run-apply'), prompts('run'))).toBe(0)
    expect(Buffer.compare(prompts('run-ignore'), prompts('run'))).not.toBe(0)
    expect(configOf('run').data.exif).toBe('apply')
    expect(configOf('run-ignore').data.exif).toBe('ignore')
    expect(readFileSync(join(folder, 'run/report.html'), 'utf8')).toContain('orientation applied')
    expect(readFileSync(join(folder, 'run-ignore/report.html'), 'utf8')).toContain('orientation ignored')
  })

  it('goes on as it was begun, and refuses to go on otherwise', async () => {
    const resume = (...args: string[]) =>
      promptsrc(folder, 'train', '--resume', '--out', 'run-ignore', ...args)
    expect(JSON.parse((await resume('--json')).stdout)).toMatchObject({ exif: 'ignore' })
    expectRefused(await resume('--exif', 'apply'), 'was begun with data.exif "ignore", not "apply"')
  })
})

describe('prediction', () => {
  it('sees photos upright unless told otherwise', async () => {
    const upright = await answer('photos')
    expect(await answer('turned')).toEqual(upright)
    expect(await answer('turned', '--exif', 'apply')).toEqual(upright)
    expect(await answer('turned', '--exif', 'ignore')).not.toEqual(upright)
    expect(await answer('photos', '--exif', 'ignore')).toEqual(upright)
  })

  it('sees them as a run does that was trained with the orientation ignored', async () => {
    const said = await figures('predict', 'run-ignore', 'turned/test/blue_square/0.png')
    expect(
      await figures('predict', 'run-ignore', 'turned/test/blue_square/0.png', '--exif', 'ignore'),
    ).toEqual(said)
    expect(
      await figures('predict', 'run-ignore', 'turned/test/blue_square/0.png', '--exif', 'apply'),
    ).not.toEqual(said)
  })
})

describe('evaluation', () => {
  const measured = async (...args: string[]) => {
    const { exif, expectedCalibrationError } = await figures('eval', ...args, '--threads', '1')
    return [exif, expectedCalibrationError]
  }

  it('tells the two apart in its caches, and says how photos were seen', async () => {
    const [exif, upright] = await measured('run', 'photos')
    expect(exif).toBe('apply')
    for (const _ of ['computed', 'kept']) {
      expect(await measured('run', 'turned')).toEqual(['apply', upright])
      const [ignored, lying] = await measured('run', 'turned', '--exif', 'ignore')
      expect(ignored).toBe('ignore')
      expect(lying).not.toBe(upright)
    }
  })

  it('of a run of version 0.1.0, which does not say, keeps ignoring unless told', async () => {
    const config = configOf('run')
    delete config.data.exif
    mkdirSync(join(folder, 'old'))
    writeFileSync(join(folder, 'old/config.yaml'), stringify(config))
    writeFileSync(join(folder, 'old/prompts.safetensors'), prompts('run'))
    expect((await measured('old', 'turned'))[0]).toBe('ignore')
    expect(await measured('old', 'turned', '--exif', 'apply')).toEqual(await measured('run', 'turned'))
  })

  it('of zero-shot is of upright photos unless told otherwise', async () => {
    const of = async (data: string, ...args: string[]) => {
      const { expectedCalibrationError, exif } = await figures('zero-shot', data, '--threads', '1', ...args)
      return { expectedCalibrationError, exif }
    }
    const upright = await of('photos')
    expect(upright.exif).toBe('apply')
    expect(await of('turned')).toEqual(upright)
    expect(await of('turned', '--exif', 'ignore')).not.toEqual(upright)
  })

  it('of a linear probe says how photos were seen', async () => {
    expect(await figures('linear-probe', 'turned', '--threads', '1')).toMatchObject({ exif: 'apply' })
  })
})

it('a comparison of one kind is none of the other', async () => {
  const identities = async (...args: string[]) => {
    const flags = ['--datasets', 'turned', '--model', 'tiny', '--methods', 'zero-shot', '--dry-run']
    const { runs } = await figures('bench', 'few-shot', ...flags, ...args)
    return runs.map(({ folder: path }: { folder: string }) => path)
  }
  expect(await identities('--exif', 'apply')).toEqual(await identities())
  expect((await identities('--exif', 'ignore')).length).toBeGreaterThan(0)
})

it('sort sees photos upright unless told otherwise', async () => {
  const scores = async (photos: string, ...args: string[]) => {
    const { photos: sorted } = await figures('sort', 'run', photos, '--into', 'sorted', '--dry-run', ...args)
    return sorted.map(({ score }: { score: number }) => score)
  }
  const upright = await scores('photos/test')
  expect(upright).toHaveLength(8)
  expect(await scores('turned/test')).toEqual(upright)
  expect(await scores('turned/test', '--exif', 'ignore')).not.toEqual(upright)
  expect(await scores('turned/test')).toEqual(upright)
})
