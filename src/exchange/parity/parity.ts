import { mkdir, readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { UserError } from '../../core/errors.js'
import type { Runtime } from '../../core/runtime/session.js'
import { checks } from './checks/index.js'
import { type Outcome, skipped } from './deviation.js'
import { type GoldenCase, readGoldenCase } from './golden-case.js'
import { replayCase } from './replay-case.js'

/** Options of {@link runParity}. */
export interface ParityOptions {
  readonly runtime: Runtime
  /** Folder for what the cases' replays computed, one safetensors file a case. */
  readonly out?: string
}

/**
 * Replays golden reference data with the product's own code and compares.
 *
 * @param paths cases (JSON), folders of cases, or golden roots
 * @returns an outcome for every case and part, as soon as it is there
 * @throws UserError for a path that is none of these, before anything is run
 */
export async function* runParity(
  paths: readonly string[],
  { runtime, out }: ParityOptions,
): AsyncGenerator<Outcome> {
  const targets: Target[] = []
  for (const path of paths) targets.push(await targetOf(path))
  if (out !== undefined) await prepareFolder(out)
  for (const { cases, root } of targets) {
    for (const golden of cases) {
      yield* failuresAsOutcomes(golden.name, async function* () {
        yield await replayCase(golden, runtime, out)
      })
    }
    if (root === undefined) continue
    for (const check of checks) {
      if (await exists(join(root, check.path))) {
        yield* failuresAsOutcomes(check.name, () => check.run({ root, runtime }))
      } else {
        yield skipped(check.name, 'not present')
      }
    }
  }
}

/** What a path stands for. */
interface Target {
  readonly cases: readonly GoldenCase[]
  /** The golden root whose other parts are checked too. */
  readonly root?: string
}

async function targetOf(path: string): Promise<Target> {
  const status = await stat(path).catch((cause: unknown) => {
    throw new UserError(`${path}: no such file or folder`, { cause, hint: EXPECTED })
  })
  if (!status.isDirectory()) return { cases: [await readGoldenCase(path)] }
  const root = resolve(path)
  const hasPart = await Promise.all(checks.map((check) => exists(join(root, check.path))))
  if ((await exists(join(root, 'cases'))) || hasPart.includes(true)) {
    return { cases: await casesIn(join(root, 'cases')), root }
  }
  const cases = await casesIn(root)
  if (cases.length === 0) throw new UserError(`${path} holds no golden data`, { hint: EXPECTED })
  return { cases }
}

const EXPECTED = 'Name a case (JSON), a folder of cases, or a golden root (a folder with `cases` in it).'

async function casesIn(folder: string): Promise<GoldenCase[]> {
  const names = (await readdir(folder).catch(() => [])).filter(
    (name) => name.endsWith('.json') && basename(name) !== 'index.json',
  )
  return Promise.all(names.sort().map((name) => readGoldenCase(join(folder, name))))
}

/** An error ends the entry it belongs to, not the run. */
async function* failuresAsOutcomes(name: string, run: () => AsyncIterable<Outcome>): AsyncGenerator<Outcome> {
  try {
    yield* run()
  } catch (error) {
    yield { name, status: 'failed', comparisons: [], note: (error as Error).message }
  }
}

async function prepareFolder(out: string): Promise<void> {
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw new UserError(`--out ${out}: the folder cannot be made: ${(cause as Error).message}`, { cause })
  })
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
