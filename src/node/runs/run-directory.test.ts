import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TrainingError, UserError } from '../../core/errors.js'
import { RunDirectory, readLog } from './run-directory.js'

let parent: string
let path: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'run-directory-'))
  path = join(parent, 'run')
})
afterEach(() => rm(parent, { recursive: true, force: true }))

/** A run with its configuration, three epochs in its log and three checkpoints. */
async function begun(): Promise<RunDirectory> {
  const run = await RunDirectory.take(path)
  await run.writeConfig({ settings: { seed: 3 } })
  run.log({ event: 'warning', message: 'few images' })
  for (const epoch of [1, 2, 3]) {
    for (const step of [1, 2]) run.log({ event: 'step', epoch, step })
    run.log({ event: 'epoch', epoch })
    await run.flush()
    await mkdir(join(path, 'checkpoints'), { recursive: true })
    await writeFile(run.checkpointPath(epoch), '')
  }
  return run
}

const eventsOf = async () => (await readLog(path)).map(({ event, epoch, step }) => [event, epoch, step])

it('whose checkpoints are a link to elsewhere is not taken, and nothing there is touched', async () => {
  const elsewhere = join(parent, 'elsewhere')
  await mkdir(elsewhere)
  await mkdir(path)
  await writeFile(join(elsewhere, 'epoch-001.safetensors'), 'theirs')
  await symlink(elsewhere, join(path, 'checkpoints'))
  const error = await RunDirectory.take(path).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(UserError)
  expect(String(error)).toContain(`${join(path, 'checkpoints')} is a symbolic link`)
  expect(await readdir(elsewhere)).toEqual(['epoch-001.safetensors'])
  expect(await readdir(path)).toEqual(['checkpoints'])
})

describe('the log', () => {
  it('is on disk after a flush, a line an entry with its time', async () => {
    const run = await RunDirectory.take(path)
    run.log({ event: 'step', epoch: 1, loss: 0.5 })
    await expect(readFile(join(path, 'log.jsonl'))).rejects.toThrow('ENOENT')
    await run.flush()
    const [line, rest] = (await readFile(join(path, 'log.jsonl'), 'utf8')).split('\n')
    expect(rest).toBe('')
    expect(JSON.parse(line!)).toEqual({ time: expect.any(String), event: 'step', epoch: 1, loss: 0.5 })
    expect(Math.abs(Date.parse(JSON.parse(line!).time) - Date.now())).toBeLessThan(60_000)
  })

  it('is read past torn lines', async () => {
    await begun()
    const whole = await eventsOf()
    await appendFile(join(path, 'log.jsonl'), '\0\0\0\n{"event":"step","epo')
    expect(await eventsOf()).toEqual(whole)
  })

  it('is cut after an epoch as if training had ended there', async () => {
    const run = await begun()
    await appendFile(join(path, 'log.jsonl'), '{"event":"step","epoch":4,"step":1}\n{"event":"st')
    await run.cutLog(1)
    run.log({ event: 'step', epoch: 2, step: 1 })
    await run.flush()
    expect(await eventsOf()).toEqual([
      ['warning', undefined, undefined],
      ['step', 1, 1],
      ['step', 1, 2],
      ['epoch', 1, undefined],
      ['step', 2, 1],
    ])
    await run.cutLog(0)
    expect(await readFile(join(path, 'log.jsonl'), 'utf8')).toBe('')
  })

  it('is not taken for empty where it cannot be read', async () => {
    const run = await RunDirectory.take(path)
    await mkdir(join(path, 'log.jsonl'))
    await expect(run.cutLog(1)).rejects.toThrow(`cannot read ${join(path, 'log.jsonl')}: EISDIR`)
    run.log({ event: 'step' })
    await expect(run.flush()).rejects.toThrow(`cannot write ${join(path, 'log.jsonl')}`)
  })
})

describe('the configuration', () => {
  it('is read as it was written', async () => {
    const config = { model: { name: 'ViT-B/16' }, settings: { lr: 2.5e-3, text: 'yes', empty: '' } }
    await (await RunDirectory.take(path)).writeConfig(config)
    expect(await RunDirectory.readConfig(path)).toEqual(config)
    expect(await readFile(join(path, 'config.yaml'), 'utf8')).toContain('name: ViT-B/16\n')
  })

  it('is undefined where no run was begun', async () => {
    expect(await RunDirectory.readConfig(path)).toBeUndefined()
  })

  it('is not taken for missing where it cannot be read', async () => {
    await mkdir(join(path, 'config.yaml'), { recursive: true })
    await expect(RunDirectory.readConfig(path)).rejects.toBeInstanceOf(UserError)
  })
})

describe('a run directory', () => {
  it('lists checkpoints from the newest, whatever else lies there', async () => {
    const run = await begun()
    await writeFile(run.checkpointPath(1000), '')
    await writeFile(join(path, 'checkpoints', 'notes.txt'), '')
    expect(await run.checkpoints()).toEqual([1000, 3, 2, 1])
  })

  it('is swept of files that a kill left half written, and of nothing else', async () => {
    await (await begun()).release()
    await writeFile(join(path, '.config.yaml.0123456789ab.tmp'), '')
    await writeFile(join(path, 'checkpoints', '.epoch-004.safetensors.0123456789ab.tmp'), '')
    await writeFile(join(path, '.mine.tmp'), '')
    await RunDirectory.take(path)
    expect((await readdir(path)).sort()).toEqual([
      '.mine.tmp',
      'checkpoints',
      'config.yaml',
      'lock',
      'log.jsonl',
    ])
    expect(await readdir(join(path, 'checkpoints'))).toHaveLength(3)
  })

  it('is cleared of what a run writes, and of nothing else', async () => {
    const run = await begun()
    for (const name of ['metrics.json', 'report.html', 'eval-photos-all.json'])
      await writeFile(join(path, name), '')
    await writeFile(join(path, 'checkpoints', 'model.pth'), '')
    await writeFile(join(path, 'thesis.md'), '')
    await run.clear()
    expect((await readdir(path)).sort()).toEqual(['checkpoints', 'lock', 'thesis.md'])
    expect(await readdir(join(path, 'checkpoints'))).toEqual(['model.pth'])
  })

  it('is given free by its release, and removed where no run began', async () => {
    const run = await RunDirectory.take(path)
    await expect(RunDirectory.take(path)).rejects.toBeInstanceOf(TrainingError)
    await run.release()
    expect(await readdir(parent)).toEqual([])
    await (await begun()).release()
    expect(await readdir(path)).not.toContain('lock')
  })

  it('names a file that is in its place', async () => {
    await writeFile(path, '')
    const failure = await RunDirectory.take(path).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UserError)
    expect(String(failure)).toContain(path)
  })
})
