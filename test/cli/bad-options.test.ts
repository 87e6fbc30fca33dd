import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc, promptsrcProcess } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-options-'))
const at = (...parts: string[]) => join(folder, ...parts)
const run = (...args: string[]) => promptsrc(folder, ...args)
const quick = ['photos', '--model', 'tiny', '--shots', '1', '--epochs', '2', '--threads', '1']

beforeAll(() => photoFolder(at('photos'), 1))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a mistaken option', () => {
  it.each([
    ['an unknown option', ['--epoch', '3'], "unknown option '--epoch'", 'Did you mean --epochs?'],
    ['an unknown method', ['--method', 'promtsrc'], '--method', 'Did you mean promptsrc?'],
    ['an unknown model', ['--model', 'ViT-B/61'], '"ViT-B/61"', 'ViT-B/16'],
    ['no epochs', ['--epochs', '0'], '--epochs', 'whole number of at least 1'],
    ['no shots', ['--shots', '0'], '--shots', 'whole number of at least 1'],
    ['half a shot', ['--shots', '1.5'], '--shots', 'whole number of at least 1'],
    ['an empty number', ['--seed', ''], '--seed', 'whole number of at least 0'],
    ['a seed beyond what is exact', ['--seed', '9007199254740992'], '--seed', 'at most 9007199254740991'],
    ['a rate that is no number', ['--lr', 'abc'], '--lr', 'positive number'],
    ['a negative rate', ['--lr', '-1'], '--lr', 'positive number'],
    ['an unknown choice of classes', ['--classes', 'old'], '--classes', 'all, base, novel'],
    [
      'an unknown key',
      ['--set', 'textLosWeight=3'],
      'unknown promptsrc option: textLosWeight',
      'Did you mean textLossWeight?',
    ],
    ['a key that objects have', ['--set', '__proto__=1'], '--set __proto__=1', 'no option __proto__'],
    ['a key without a value', ['--set', 'textLossWeight'], '--set textLossWeight', 'key=value'],
    ['a value of another type', ['--set', 'textLossWeight=abc'], 'found "abc"', 'expected a number'],
    ['a depth of none', ['--set', 'textDepth=0'], 'textDepth: found 0', 'expected at least 1'],
    [
      'more vectors than memory holds',
      ['--set', 'textContext=1e9'],
      'found 1000000000',
      'expected at most 1024',
    ],
    ['more visual prompts', ['--set', 'visionContext=1e9'], 'found 1000000000', 'expected at most 1024'],
    ['more epochs than anybody waits for', ['--epochs', '1000000000'], 'epochs: found', 'at most 1000000'],
    ['more threads than start', ['--threads', '500'], '--threads', 'at least 1 and at most 256'],
    ['two answers to one question', ['--resume', '--overwrite'], '--overwrite', '--resume'],
  ])('is refused: %s', async (_, args, ...messages) => {
    expectRefused(await run('train', ...quick, '--out', 'none', ...args), ...messages)
    expect(existsSync(at('none'))).toBe(false)
  })

  it('is refused where a command is misspelt or lacks its arguments', async () => {
    expectRefused(await promptsrcProcess(folder, 'trian'), "unknown command 'trian'", 'Did you mean train?')
    expectRefused(await run('train'), 'no data given', 'promptsrc train DATA')
    expectRefused(await run('predict', 'somewhere'), 'image')
    expectRefused(await run('train', '--resume', '--out', 'nowhere'), 'nowhere holds no run to resume')
    expectRefused(await run('train', '--resume'), 'no run is named', '--out RUN')
    expectRefused(await run('ablate', '--method', 'gda'), '--method', 'ivlp')
    expectRefused(await run('export', 'r', '--out', 'o', '--precision', 'fp31'), 'Did you mean fp32')
  })
})

describe('a learning rate that is too large', () => {
  it('stops with the step, the rate and the last good checkpoint', async () => {
    const args = ['--lr', '1e30', '--epochs', '4', '--batch-size', '1', '--out', 'diverged']
    const result = await run('train', ...quick, ...args)
    expectRefused(result, 'training diverged', 'Lower the learning rate')
    expect(result.stderr).toMatch(/at step \d+ \(epoch \d, learning rate [\d.e+]+\)/)
    const named = /the last good checkpoint is (\S+)/.exec(result.stderr)![1]!
    expect(existsSync(at(named))).toBe(true)
    const [, step] = /at step (\d+)/.exec(result.stderr)!
    const logged = readFileSync(at('diverged/log.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"step"'))
    expect(logged.filter((line) => JSON.parse(line).event === 'step')).toHaveLength(Number(step) - 1)
    expectRefused(await run('eval', 'diverged', 'photos'), 'not finished', '--resume')
    expectRefused(await run('info', 'diverged'), 'not finished', '--resume')
  })
})

describe('a run directory that cannot be written', () => {
  it('is refused where a file is in the way', async () => {
    writeFileSync(at('file'), 'mine')
    expectRefused(await run('train', ...quick, '--out', 'file'), 'cannot write file', 'Choose another path')
    expectRefused(
      await run('train', ...quick, '--out', 'file/run'),
      'cannot write file/run',
      'Choose another path',
    )
    expect(readFileSync(at('file'), 'utf8')).toBe('mine')
  })

  it('is refused where the system does not allow it', async () => {
    mkdirSync(at('locked'))
    chmodSync(at('locked'), 0o500)
    // Root may write anywhere but into a file system of the kernel's own.
    const out = process.getuid?.() === 0 ? '/proc/run' : 'locked/run'
    expectRefused(await run('train', ...quick, '--out', out), `cannot write ${out}`)
  })

  afterAll(() => {
    if (mounted) execFileSync('umount', [tiny])
  })

  const tiny = at('full')
  const mounted = process.platform === 'linux' && process.getuid?.() === 0 && mountTiny(tiny)
  it.skipIf(!mounted)(
    'stops on a full disk, and continues when there is room (needs to mount a file system)',
    async () => {
      writeFileSync(join(tiny, 'ballast'), new Uint8Array(200 * 1024))
      const args = ['train', ...quick, '--epochs', '8', '--out', join(tiny, 'run')]
      expectRefused(await run(...args), join(tiny, 'run'), 'the disk is full', 'Free some space')
      expect(readdirSync(join(tiny, 'run', 'checkpoints')).filter((name) => name.endsWith('.tmp'))).toEqual(
        [],
      )
      rmSync(join(tiny, 'ballast'))
      execFileSync('mount', ['-o', 'remount,size=16m', tiny])
      expect(await run(...args, '--resume')).toMatchObject({ code: 0 })
      expect(await run('train', ...quick, '--epochs', '8', '--out', 'room')).toMatchObject({ code: 0 })
      expect(
        readFileSync(join(tiny, 'run/prompts.safetensors')).equals(
          readFileSync(at('room/prompts.safetensors')),
        ),
      ).toBe(true)
    },
    180_000,
  )
})

function mountTiny(path: string): boolean {
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
