import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { clipFolder } from '../support/clip-folder.js'
import { promptsrc } from '../support/command.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-clips-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const done = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await promptsrc(folder, ...args)
  expect(code, stderr).toBe(0)
  return stdout
}

it('learns prompts on a CLIP whose weights were tuned on clips, and starts where that ended', async () => {
  await clipFolder(join(folder, 'clips'))
  const short = ['--epochs', '1', '--batch-size', '4', '--threads', '1', '--frames', '2']
  const tuning = ['--method', 'fine-tune', '--lr', '1e-4', '--set', 'towers=image', '--out', 'tuned']
  await done('train', 'clips', '--model', 'tiny', ...tuning, ...short)
  await done('export', 'tuned', '--format', 'clip', '--out', 'bridge')
  const bridge = ['--model', 'bridge/huggingface']

  // The template of fine-tuning is that of zero-shot CLIP on a folder, so the two are one classifier.
  const accuracy = async (...args: string[]) =>
    (JSON.parse(await done(...args, '--threads', '1', '--json')) as { accuracy: number }).accuracy
  const tuned = await accuracy('eval', 'tuned', 'clips')
  expect(await accuracy('zero-shot', 'clips', ...bridge, '--frames', '2')).toBe(tuned)

  await done('train', 'clips', ...bridge, '--method', 'ivlp', '--out', 'prompts', ...short)
  expect(await accuracy('eval', 'prompts', 'clips')).toBeGreaterThan(0)
}, 240_000)
