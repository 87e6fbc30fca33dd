import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectRefused, promptsrc, promptsrcProcess } from '../support/command.js'
import { extractGolden, temporaryFolder } from '../support/golden-files.js'

const folder = temporaryFolder()
extractGolden('clip/vitB.safetensors', folder)
extractGolden(
  'checkpoints/maple/MultiModalPromptLearner/model.pth.tar-3',
  folder,
  'out/MultiModalPromptLearner/model.pth.tar-3',
)
const run = (...args: string[]) => promptsrc(folder, ...args)

describe('promptsrc import and export', () => {
  it('turn a checkpoint into a run, and a run into a checkpoint', async () => {
    const imported = await promptsrcProcess(
      folder,
      ...['import', 'out', '--model', 'vitB.safetensors', '--out', 'run', '--json'],
    )
    expect(imported.code, imported.stderr).toBe(0)
    expect(JSON.parse(imported.stdout)).toMatchObject({
      method: 'maple',
      epoch: 3,
      methodOptions: { context: 2, depth: 2, contextInit: 'a photo of a' },
    })
    const info = await run('info', 'run', '--json')
    expect(JSON.parse(info.stdout)).toMatchObject({ method: 'MaPLe', learnedValues: 16896 })

    const exported = await promptsrcProcess(
      folder,
      'export',
      'run',
      '--format',
      'torch',
      '--out',
      'back',
      '--epoch',
      '3',
    )
    expect(exported.stdout).toContain('back/MultiModalPromptLearner/model.pth.tar-3')
    const again = await run(
      'import',
      'back',
      '--model',
      'vitB.safetensors',
      '--out',
      'run2',
      '--class-names',
      'none.txt',
    )
    expectRefused(again, 'none.txt')
    expect(existsSync(join(folder, 'run2'))).toBe(false)

    const single = await run('export', 'run', '--out', 'prompts.safetensors', '--json')
    expect(JSON.parse(single.stdout)).toEqual({ file: 'prompts.safetensors' })
  })

  it('keep the epoch of what was imported', async () => {
    await run('import', 'out', '--model', 'vitB.safetensors', '--out', 'epoch')
    const { stdout } = await run('export', 'epoch', '--format', 'torch', '--out', 'again')
    expect(stdout).toContain('again/MultiModalPromptLearner/model.pth.tar-3')
  })

  it('refuse what does not fit in one message, and leave what is there', async () => {
    const model = ['--model', 'vitB.safetensors']
    expectRefused(
      await run('import', 'out', ...model, '--out', 'x', '--set', 'context=3'),
      '[2, 64]',
      '[3, 64]',
    )
    expectRefused(await run('import', 'out', '--model', 'tiny', '--out', 'x'), '[2, 64]', 'tiny')
    expectRefused(await run('import', 'vitB.safetensors', ...model, '--out', 'x'), 'vitB.safetensors')
    expect(existsSync(join(folder, 'x'))).toBe(false)
    await run('import', 'out', ...model, '--out', 'there')
    expectRefused(await run('import', 'out', ...model, '--out', 'there'), 'there', '--overwrite')
  })
})
