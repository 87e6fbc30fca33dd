import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parityCommand } from '../src/cli/parity.js'
import { UserError } from '../src/core/errors.js'
import { encodeSafetensors } from '../src/core/weights/safetensors.js'
import type { Outcome } from '../src/exchange/parity/deviation.js'
import { readJson, readTensors } from '../src/exchange/parity/golden-files.js'
import { runParity } from '../src/exchange/parity/parity.js'
import type { ParitySummary } from '../src/exchange/parity/summary.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'

const golden = resolve(import.meta.dirname, 'golden')
const runtime = nodeRuntime({ worker: false })
const SMALL = 'zs_vit_single_dtd'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parity-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function outcomesOf(paths: string[], out?: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for await (const outcome of runParity(paths, { runtime, ...(out ? { out } : {}) })) outcomes.push(outcome)
  return outcomes
}

interface CaseJson {
  method: string
  tensors_file: string
  tensors: Record<string, { shape: number[]; dtype: string; suggested_atol?: number }>
}

/** A root that holds one case, changed before it is written, beside the models and data of the reference. */
async function changedCase(
  name: string,
  change: (json: CaseJson, tensors: Map<string, { shape: readonly number[]; data: Float32Array }>) => void,
): Promise<string> {
  const root = await mkdtemp(join(folder, 'root-'))
  await mkdir(join(root, 'cases'))
  for (const part of ['clip', 'data']) await symlink(join(golden, part), join(root, part))
  const json = await readJson<CaseJson>(join(golden, 'cases', `${name}.json`))
  const tensors = await readTensors(join(golden, json.tensors_file))
  change(json, tensors)
  await writeFile(join(root, 'cases', `${name}.json`), JSON.stringify(json))
  await writeFile(join(root, json.tensors_file), gzipSync(encodeSafetensors(tensors)))
  return join(root, 'cases', `${name}.json`)
}

/** Runs the command; what it prints and the exit code it sets. */
async function command(...args: string[]): Promise<{ printed: string; exitCode: number }> {
  const before = process.exitCode
  let printed = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  try {
    process.exitCode = 0
    await parityCommand().exitOverride().parseAsync(args, { from: 'user' })
    return { printed, exitCode: Number(process.exitCode) }
  } finally {
    write.mockRestore()
    process.exitCode = before
  }
}

describe('parity with the reference', () => {
  let outcomes: Outcome[]
  let computed: string
  beforeAll(async () => {
    computed = join(folder, 'computed')
    outcomes = await outcomesOf([golden], computed)
  }, 120_000)

  it('meets every case and part that is stored here', () => {
    const failed = outcomes.filter(({ status }) => status === 'failed')
    expect(failed).toEqual([])
    const passed = outcomes.filter(({ status }) => status === 'passed').map(({ name }) => name)
    const cases = outcomes.map(({ name }) => name).filter((name) => /^(promptsrc|ivlp|zs)_/.test(name))
    expect(cases.length).toBeGreaterThanOrEqual(15)
    expect(passed).toEqual(expect.arrayContaining(cases))
    expect(passed.filter((name) => name.startsWith('containers/')).length).toBeGreaterThanOrEqual(5)
    expect(passed).toEqual(
      expect.arrayContaining(['tokenizer', 'clip/vitA activations', 'clip/rnA activations', 'sgd']),
    )
  })

  it('says why it skips what it skips', () => {
    for (const { status, note } of outcomes.filter((outcome) => outcome.status === 'skipped')) {
      expect([status, note]).toEqual(['skipped', expect.stringMatching(/not present|is not built/)])
    }
  })

  it('writes what it computed under the names, shapes and types of each case', async () => {
    const files = await readdir(computed)
    expect(files.length).toBeGreaterThanOrEqual(15)
    for (const file of files) {
      const json = await readJson<CaseJson>(join(golden, 'cases', file.replace('.safetensors', '.json')))
      const bytes = await readFile(join(computed, file))
      const end = 8 + Number(bytes.readBigUInt64LE(0))
      const header = JSON.parse(bytes.toString('utf8', 8, end)) as Record<
        string,
        { shape: number[]; dtype: string }
      >
      for (const [name, { shape, dtype }] of Object.entries(json.tensors)) {
        expect([file, name, header[name]?.shape]).toEqual([file, name, shape])
        expect(header[name]!.dtype).toBe(dtype === 'int64' ? 'I64' : 'F32')
      }
    }
  })
})

describe('a case that differs', () => {
  it('fails when one value of one tensor is off, and computes the same as before', async () => {
    const path = await changedCase(SMALL, (_, tensors) => {
      tensors.get('eval.logits')!.data[3]! += 0.01
    })
    const [first, second] = [join(folder, 'before'), join(folder, 'after')]
    const [before] = await outcomesOf([join(golden, 'cases', `${SMALL}.json`)], first)
    const [after] = await outcomesOf([path], second)
    expect(before!.status).toBe('passed')
    expect(after!.status).toBe('failed')
    const missed = after!.comparisons.filter(({ error, tolerance }) => error > tolerance)
    expect(missed.map(({ name }) => name)).toEqual(['eval.logits'])
    const written = await Promise.all(
      [first, second].map((out) => readFile(join(out, `${SMALL}.safetensors`))),
    )
    expect(written[0]!.equals(written[1]!)).toBe(true)
  })

  it('fails when the inventory names a tensor that is not computed', async () => {
    const path = await changedCase(SMALL, (json, tensors) => {
      json.tensors['zs.unheard_of'] = { shape: [1], dtype: 'float32', suggested_atol: 1 }
      tensors.set('zs.unheard_of', { shape: [1], data: Float32Array.of(0) })
    })
    const [outcome] = await outcomesOf([path])
    expect(outcome!.status).toBe('failed')
    expect(outcome!.comparisons.at(-1)).toMatchObject({
      name: 'zs.unheard_of',
      error: Number.POSITIVE_INFINITY,
    })
  })

  it('is skipped when its method is not built, which is named', async () => {
    const path = await changedCase(SMALL, (json) => {
      json.method = 'TelepathyCLIP'
    })
    expect(await outcomesOf([path])).toEqual([
      { name: SMALL, status: 'skipped', comparisons: [], note: 'method TelepathyCLIP is not built' },
    ])
  })

  it('fails with the file named when its data is missing, and the next case still runs', async () => {
    const path = await changedCase(SMALL, () => {})
    await rm(join(path, '..', '..', 'data'))
    const outcomes = await outcomesOf([path, join(golden, 'cases', `${SMALL}.json`)])
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'passed'])
    expect(outcomes[0]!.note).toContain('data_vitA')
  })
})

describe('promptsrc parity', () => {
  const path = join(golden, 'cases', `${SMALL}.json`)

  it('prints a line a case and a total, and ends with 0', async () => {
    const { printed, exitCode } = await command(path)
    expect(printed).toMatch(new RegExp(`^passed +${SMALL} +0\\.\\d+ of tolerance`))
    expect(printed).toContain('1 passed, 0 failed, 0 skipped; worst 0.')
    expect(exitCode).toBe(0)
  })

  it('prints every tensor when verbose', async () => {
    const { printed } = await command(path, '--verbose')
    for (const name of ['zs.text_features', 'zs.image_features_raw', 'eval.logits']) {
      expect(printed).toContain(name)
    }
  })

  it('prints one JSON document and ends with 1 on a miss', async () => {
    const changed = await changedCase(SMALL, (_, tensors) => {
      tensors.get('zs.text_features')!.data.fill(0)
    })
    const { printed, exitCode } = await command(changed, path, '--json')
    const { passed, failed, skipped, worst, results } = JSON.parse(printed) as ParitySummary
    expect([passed, failed, skipped, exitCode]).toEqual([1, 1, 0, 1])
    expect(worst).toMatchObject({ in: SMALL, name: 'zs.text_features' })
    expect(results.map(({ status }) => status)).toEqual(['failed', 'passed'])
  })

  it.each([
    ['a path that does not exist', 'nowhere', 'no such file or folder'],
    ['a folder without golden data', 'empty', 'holds no golden data'],
    ['a file that is not JSON', 'text.json', 'is not JSON'],
    ['JSON that is no case', 'other.json', 'is not a golden case: name'],
  ])('refuses %s', async (_, name, message) => {
    await mkdir(join(folder, 'empty'), { recursive: true })
    await writeFile(join(folder, 'text.json'), 'not {')
    await copyFile(join(golden, 'evaluator.json'), join(folder, 'other.json'))
    const error = await command(join(folder, name)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toContain(message)
  })
})
