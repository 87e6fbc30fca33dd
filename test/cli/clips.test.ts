import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { clipFolder } from '../support/clip-folder.js'
import { expectRefused, promptsrc } from '../support/command.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-clips-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const done = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await promptsrc(folder, ...args)
  expect(code, stderr).toBe(0)
  return stdout
}

it('measures published lists of clips as the folder that they list', async () => {
  const clips = await clipFolder(join(folder, 'listed'))
  const classes = readdirSync(join(clips, 'test')).sort()
  const listOf = (part: string) =>
    classes.flatMap((name, label) =>
      readdirSync(join(clips, part, name)).map((clip) => `${part}/${name}/${clip}.avi ${label}\n`),
    )
  writeFileSync(join(folder, 'val.txt'), listOf('test').join(''))
  writeFileSync(join(folder, 'train.txt'), listOf('train').join(''))
  writeFileSync(
    join(folder, 'labels.csv'),
    ['id,name', ...classes.map((name, i) => `${i},${name}`)].join('\n'),
  )
  const names = 'TRAIN_FILE: train.txt, VAL_FILE: val.txt, LABEL_LIST: labels.csv'
  writeFileSync(join(folder, 'lists.yaml'), `DATA: {${names}, NUM_FRAMES: 32}\nMODEL: {ARCH: ViT-B/16}\n`)
  const options = ['--model', 'tiny', '--frames', '2', '--threads', '1', '--json']
  const figures = async (...args: string[]) => {
    const { data, ...measured } = JSON.parse(await done('zero-shot', ...args, ...options))
    return measured
  }
  expect(await figures('lists.yaml', '--root', 'listed')).toEqual(await figures('listed'))
  expectRefused(
    await promptsrc(folder, 'zero-shot', 'lists.yaml', '--root', 'listed'),
    'is a video',
    '--frames',
  )
}, 60_000)

it('benchmarks clips with few of them a class, and with all', async () => {
  await clipFolder(join(folder, 'benched'))
  const options = [
    '--datasets',
    'benched',
    '--model',
    'tiny',
    '--frames',
    '2',
    '--seeds',
    '1',
    '--threads',
    '1',
  ]
  const rows = async (protocol: string, ...more: string[]) => {
    const methods = ['--methods', 'zero-shot,tip-adapter', '--out', 'bench', '--json']
    const { tables } = JSON.parse(await done('bench', protocol, ...options, ...methods, ...more)) as {
      tables: { protocol: string; rows: { method: string; shots: number | null }[] }[]
    }
    return tables.map((table) => [table.protocol, ...table.rows.map(({ method, shots }) => [method, shots])])
  }
  const zeroShot = ['zero-shot', null]
  expect(await rows('few-shot', '--shots', '1,2')).toEqual([
    ['few-shot', zeroShot, ['tip-adapter', 1], ['tip-adapter', 2]],
  ])
  expect(await rows('fully-supervised')).toEqual([['fully-supervised', zeroShot, ['tip-adapter', null]]])
}, 120_000)

it('learns prompts on a CLIP whose weights were tuned on clips, and starts where that ended', async () => {
  await clipFolder(join(folder, 'clips'))
  const short = ['--epochs', '1', '--batch-size', '4', '--threads', '1', '--frames', '2']
  const tuning = ['--method', 'fine-tune', '--lr', '1e-4', '--set', 'towers=image', '--out', 'tuned']
  await done('train', 'clips', '--model', 'tiny', ...tuning, ...short)
  await done('export', 'tuned', '--format', 'clip', '--out', 'bridge')
  const bridge = ['--model', 'bridge/huggingface']
  expectRefused(
    await promptsrc(folder, 'zero-shot', 'clips', '--model', 'tuned', '--frames', '2'),
    'tuned: a run of Fine-tuning, not a CLIP model',
    'promptsrc export tuned --format clip --out tuned-clip, and name tuned-clip/huggingface',
  )

  // The template of fine-tuning is that of zero-shot CLIP on a folder, so the two are one classifier.
  const accuracy = async (...args: string[]) =>
    (JSON.parse(await done(...args, '--threads', '1', '--json')) as { accuracy: number }).accuracy
  const tuned = await accuracy('eval', 'tuned', 'clips')
  expect(await accuracy('zero-shot', 'clips', ...bridge, '--frames', '2')).toBe(tuned)

  const views = JSON.parse(await done('eval', 'tuned', 'clips', '--views', '2,3', '--threads', '1', '--json'))
  expect(views).toMatchObject({ views: [2, 3], count: 12 })
  expectRefused(
    await promptsrc(folder, 'zero-shot', 'clips', '--frames', '2', '--views', '4,2'),
    'Expected 1 to 99 samplings and 1 or 3 crops, such as 4,3.',
  )

  await done('train', 'clips', ...bridge, '--method', 'ivlp', '--out', 'prompts', ...short)
  expect(await accuracy('eval', 'prompts', 'clips')).toBeGreaterThan(0)
}, 240_000)
