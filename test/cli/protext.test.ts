import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { promptsrc, startPromptsrc } from '../support/command.js'

/** Several processes a test; a busy machine needs its time. */
vi.setConfig({ testTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-protext-'))
const at = (...parts: string[]) => join(folder, ...parts)
const args = ['train', '--method', 'protext', '--texts', 'toy.json', '--model', 'tiny', '--threads', '1']
const short = ['--epochs', '8', '--batch-size', '64']
const promptsOf = (run: string) => readFileSync(at(run, 'prompts.safetensors'))

beforeAll(async () => {
  expect(await promptsrc(folder, 'toy', '--set', 'toy-pond', '--texts', 'toy.json')).toMatchObject({
    code: 0,
  })
  expect(await promptsrc(folder, ...args, ...short, '--out', 'whole')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('no accuracy: there are no test images'),
    stderr: expect.stringMatching(/\d+ classes, \d+ sentences/),
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('trains without photos, and recognises pictures of the classes and of others', async () => {
  const known = await promptsrc(folder, 'eval', 'whole', 'toy-pond', '--threads', '1', '--json')
  expect(known).toMatchObject({ code: 0 })
  // Chance is 100 / 24.
  expect(JSON.parse(known.stdout).accuracy).toBeGreaterThan(40)
  const others = await promptsrc(folder, 'eval', 'whole', 'toy-aerial', '--threads', '1', '--json')
  expect(JSON.parse(others.stdout).accuracy).toBeGreaterThan(25)
})

it('goes on after a kill to the same bytes, the sentences found again', async () => {
  const running = startPromptsrc(folder, [...args, ...short, '--out', 'killed'])
  while (!running.stderr().includes('learned values')) await delay(3)
  running.process.kill('SIGKILL')
  await running.ended
  const again = await promptsrc(folder, ...args, ...short, '--out', 'killed', '--resume')
  expect(again).toMatchObject({ code: 0 })
  expect(promptsOf('killed')).toEqual(promptsOf('whole'))

  const finished = await promptsrc(folder, 'train', '--resume', '--out', 'killed', '--threads', '1')
  expect(finished).toMatchObject({ code: 0 })
  const texts = JSON.parse(readFileSync(at('toy.json'), 'utf8')) as Record<string, string[]>
  Object.values(texts)[0]!.push('a striped thing.')
  writeFileSync(at('toy.json'), JSON.stringify(texts))
  const other = await promptsrc(folder, 'train', '--resume', '--out', 'killed')
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('data.descriptions') })
})

it('refuses what would be passed over, and files that cannot be used', async () => {
  const refused = async (message: RegExp, ...given: string[]) =>
    expect(await promptsrc(folder, 'train', ...given, '--model', 'tiny')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    })
  writeFileSync(at('twice.json'), '{"a": ["A."], "A": ["B."]}')
  await refused(/--texts toy.json: promptsrc learns from images/, 'toy', '--texts', 'toy.json')
  await refused(/--shots 4: protext learns from sentences/, 'toy', '--method', 'protext', '--shots', '4')
  await refused(/which name one class/, '--method', 'protext', '--texts', 'twice.json')
  await refused(/no.json: cannot be read.*ENOENT/, '--method', 'protext', '--texts', 'no.json')
})
