import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeSafetensors, type TensorData } from '../../src/core/weights/safetensors.js'
import { openSafetensors } from '../../src/node/weights/safetensors-file.js'
import { expectRefused, promptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'
import { trainedRun } from '../support/trained-run.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-model-'))
const at = (...parts: string[]) => join(folder, ...parts)
const run = (...args: string[]) => promptsrc(folder, ...args)
const tiny = fileURLToPath(new URL('../../assets/tiny', import.meta.url))

/** The embedded model's files under another name, with its tensors changed. */
async function changedModel(name: string, change: (tensors: Map<string, TensorData>) => void): Promise<void> {
  cpSync(tiny, at(name), { recursive: true })
  await rewrite(join(tiny, 'model.safetensors'), at(name, 'model.safetensors'), change)
}

async function rewrite(
  from: string,
  to: string,
  change: (tensors: Map<string, TensorData>) => void,
): Promise<void> {
  const file = await openSafetensors(from)
  const tensors = new Map<string, TensorData>()
  for (const [name, entry] of file.entries)
    tensors.set(name, { shape: entry.shape, data: await entry.read() })
  const { metadata } = file
  await file.close()
  change(tensors)
  writeFileSync(to, encodeSafetensors(tensors, metadata))
}

beforeAll(async () => {
  await photoFolder(at('photos'), 1)
  await trainedRun(folder, 'good')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const trainWith = (model: string) => run('train', 'photos', '--model', model, '--out', 'none')

describe('a model file', () => {
  it('of noise is refused', async () => {
    writeFileSync(
      at('noise.pt'),
      Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919 + 13) % 251),
    )
    expectRefused(await trainWith('noise.pt'), 'noise.pt')
    expect(existsSync(at('none'))).toBe(false)
  })

  it('that is cut short is refused', async () => {
    cpSync(tiny, at('cut'), { recursive: true })
    truncateSync(at('cut/model.safetensors'), 300_000)
    expectRefused(await trainWith('cut'), 'model.safetensors')
  })

  it('whose header lies about its tensors is refused', async () => {
    const header = JSON.stringify({ weight: { dtype: 'F32', shape: [1e9, 1e9], data_offsets: [0, 4e18] } })
    const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer)
    writeFileSync(at('lies.safetensors'), Buffer.concat([length, Buffer.from(header)]))
    expectRefused(await trainWith('./lies.safetensors'), 'lies.safetensors')
  })

  it('that would run a program is refused, and runs none', async () => {
    writeFileSync(
      at('hostile.pt'),
      '\x80\x02cos\nsystem\nX\x0a\x00\x00\x00touch ownedq\x00\x85q\x01Rq\x02.',
      'latin1',
    )
    writeFileSync(at('old.pt'), "cos\nsystem\n(S'touch owned'\ntR.")
    for (const file of ['hostile.pt', 'old.pt']) expectRefused(await trainWith(file), file)
    expect(existsSync(at('owned'))).toBe(false)
  })

  it.each([
    [
      'lacks a tensor',
      (tensors: Map<string, TensorData>) => tensors.delete('ln_final.weight'),
      'ln_final.weight',
    ],
    [
      'has a tensor of another shape',
      (tensors: Map<string, TensorData>) =>
        tensors.set('ln_final.weight', { shape: [7], data: new Float32Array(7) }),
      'ln_final.weight',
    ],
  ])('that %s is refused, naming it', async (name, change, tensor) => {
    await changedModel(name, change)
    expectRefused(await trainWith(name), tensor)
    expectRefused(await run('info', name), tensor)
  })

  it('that is not the one a run was trained with is refused', async () => {
    await changedModel('other', (tensors) => {
      tensors.get('ln_final.bias')!.data[0] = 0.5
    })
    expectRefused(
      await run('eval', 'good', 'photos', '--model', 'other'),
      'good was trained with tiny',
      '--model',
    )
  })
})

describe('a run', () => {
  it('that is missing or no run is refused', async () => {
    expectRefused(await run('eval', 'nowhere', 'photos'), 'no run at nowhere', 'promptsrc train')
    expectRefused(
      await run('predict', 'photos', 'photos/test/red_square/0.png'),
      'photos is not a run directory',
    )
  })

  const image = 'photos/test/red_square/0.png'
  it.each<[string, (path: string) => Promise<void> | void, string]>([
    ['cut short', (path) => truncateSync(path, 900), 'prompts.safetensors'],
    ['without a tensor', (path) => rewrite(path, path, (tensors) => drop(tensors)), 'is missing'],
    [
      'with a tensor of another shape',
      (path) =>
        rewrite(path, path, (tensors) => {
          tensors.set([...tensors.keys()][0]!, { shape: [3], data: new Float32Array(3) })
        }),
      'has shape [3]',
    ],
    ['with torn metadata', (path) => replaceInFile(path, '[\\"blue', '{\\"blue'), 'holds no prompts'],
  ])('whose prompts are damaged is refused: %s', async (_, damage, word) => {
    rmSync(at('damaged'), { recursive: true, force: true })
    cpSync(at('good'), at('damaged'), { recursive: true })
    await damage(at('damaged/prompts.safetensors'))
    expectRefused(await run('predict', 'damaged', image), 'damaged/prompts.safetensors', word)
  })
})

function drop(tensors: Map<string, TensorData>): void {
  tensors.delete([...tensors.keys()][0]!)
}

/** Replaces text by text of the same length in a binary file. */
function replaceInFile(path: string, text: string, by: string): void {
  const before = readFileSync(path, 'latin1')
  expect(before).toContain(text)
  writeFileSync(path, before.replace(text, by), 'latin1')
}
