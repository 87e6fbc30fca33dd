import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TrainingError } from '../../core/errors.js'
import { takeLock } from '../../node/files/lock.js'
import type { SpawnUnitOptions } from '../units/spawn-unit.js'
import { identityOf, type UnitSpec } from '../units/unit.js'
import { unitFiles, writeResult, writeUnit } from '../units/unit-files.js'
import type { TaskUpdate, UnitTask } from './engine.js'
import { localEngine } from './local.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engine-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const data = { name: 'x', path: 'x', fingerprint: 'x' }
const specOf = (name: string): UnitSpec => ({
  format: 2,
  label: name,
  method: 'ivlp',
  model: { name: 'tiny', sha256: 'x' },
  data,
  skipBadImages: false,
  settings: { seed: 1, shots: 1, name },
  measures: [],
})

/** Tasks by name with the names that they need, and their folders. */
async function tasksOf(needs: Record<string, string[]>): Promise<UnitTask[]> {
  const at = (name: string) => join(folder, name)
  for (const name of Object.keys(needs)) {
    await mkdir(at(name), { recursive: true })
    await writeUnit(at(name), specOf(name))
  }
  return Object.entries(needs).map(([name, after]) => ({ folder: at(name), name, after: after.map(at) }))
}

/** Stands for the processes of units: what began, and how many at once. */
function fakeUnits({ failing = [] as string[], hanging = false, peakMemoryMB = 1 } = {}) {
  const begun: string[] = []
  const threads = new Set<number | undefined>()
  let now = 0
  const fake = {
    begun,
    threads,
    most: 0,
    failing: new Set(failing),
    async spawn(unit: string, options: SpawnUnitOptions = {}) {
      const name = unit.slice(folder.length + 1)
      begun.push(name)
      threads.add(options.threads)
      fake.most = Math.max(fake.most, ++now)
      try {
        await delay(hanging ? 60_000 : 5, undefined, options.signal ? { signal: options.signal } : {})
        options.onProgress?.({ share: 0.5 })
        if (fake.failing.has(name)) throw new TrainingError(`${name} broke`, { hint: 'Mend it.' })
        const result = { measures: {}, parameters: 0, stepSeconds: null, peakMemoryMB }
        await writeResult(unit, { identity: identityOf(specOf(name)), ...result })
      } finally {
        now--
      }
    },
  }
  return fake
}

/** Runs tasks and returns their last updates by name. */
async function run(
  tasks: readonly UnitTask[],
  units: ReturnType<typeof fakeUnits>,
  { jobs = 2, signal }: { jobs?: number; signal?: AbortSignal } = {},
) {
  const last: Record<string, TaskUpdate> = {}
  const shares: number[] = []
  const onUpdate = (update: TaskUpdate) => {
    last[update.task.name] = update
    if (update.state === 'running') shares.push(update.share ?? 0)
  }
  const engine = localEngine({ jobs, spawn: units.spawn })
  await engine.run(tasks, { onUpdate, ...(signal ? { signal } : {}) })
  const states = Object.fromEntries(Object.entries(last).map(([name, { state }]) => [name, state]))
  return { last, states, shares }
}

describe('an engine', () => {
  it('begins a unit when what it needs is done, and otherwise keeps the order', async () => {
    const tasks = await tasksOf({ test: ['train'], other: [], train: [], last: ['test', 'other'] })
    const units = fakeUnits()
    const { states, shares } = await run(tasks, units, { jobs: 1 })
    expect(units.begun).toEqual(['other', 'train', 'test', 'last'])
    expect(states).toEqual({ test: 'done', other: 'done', train: 'done', last: 'done' })
    expect(shares).toEqual([0, 0.5, 0, 0.5, 0, 0.5, 0, 0.5])
  })

  it('does so many at once, and divides the cores among them', async () => {
    const tasks = await tasksOf({ a: [], b: [], c: [], d: [], e: [] })
    const units = fakeUnits()
    await run(tasks, units, { jobs: 3 })
    expect(units.most).toBe(3)
    expect([...units.threads]).toEqual([expect.any(Number)])
  })

  it('removes the lock that a process killed after its result has left, and no other', async () => {
    const tasks = await tasksOf({ killed: [], alive: [] })
    await run(tasks, fakeUnits())
    const locks = tasks.map((task) => join(task.folder, unitFiles.lock))
    const release = await Promise.all(locks.map((path) => takeLock(path)))
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    await writeFile(locks[0]!, JSON.stringify({ ...JSON.parse(await readFile(locks[0]!, 'utf8')), pid }))
    const { last } = await run(tasks, fakeUnits())
    expect(last.killed).toMatchObject({ state: 'done', reused: true })
    expect(locks.map((path) => existsSync(path))).toEqual([false, true])
    await Promise.all(release.map((give) => give()))
  })

  it('goes on after a failure, blocks what needs it, and tries both again by the next call', async () => {
    const tasks = await tasksOf({ train: [], test: ['train'], sum: ['test'], other: [] })
    const units = fakeUnits({ failing: ['train'] })
    const { last, states } = await run(tasks, units)
    expect(states).toEqual({ train: 'failed', test: 'blocked', sum: 'blocked', other: 'done' })
    expect(last.train!.failure).toEqual({ message: 'train broke', hint: 'Mend it.' })
    expect(last.sum!.failure!.message).toBe('needs test, which is not done')

    units.failing.clear()
    units.begun.length = 0
    const again = await run(tasks, units)
    expect(units.begun).toEqual(['train', 'test', 'sum'])
    expect(again.last.other).toMatchObject({ state: 'done', reused: true })
    expect(again.last.train!.reused).toBeUndefined()
  })

  it('fails a unit whose folder has vanished, and one whose process leaves no result', async () => {
    const tasks = await tasksOf({ gone: [], empty: [] })
    await rm(join(folder, 'gone'), { recursive: true })
    const units = { ...fakeUnits(), spawn: async () => {} }
    const { last } = await run(tasks, units)
    expect(last.gone!.failure!.message).toContain('holds no unit.json')
    expect(last.empty!.failure!.message).toContain('holds no result')
  })

  it('blocks what needs an unfinished unit that is not among the tasks', async () => {
    const [, test] = await tasksOf({ train: [], test: ['train'] })
    const units = fakeUnits()
    expect((await run([test!], units)).states).toEqual({ test: 'blocked' })
    const [train] = await tasksOf({ train: [] })
    await run([train!], units)
    expect((await run([test!], units)).states).toEqual({ test: 'done' })
  })

  it('refuses units that wait for each other', async () => {
    const tasks = await tasksOf({ a: ['b'], b: ['a'], c: [] })
    await expect(run(tasks, fakeUnits())).rejects.toThrow('a, b wait for each other')
  })

  it('ends all units at once when it is interrupted', async () => {
    const tasks = await tasksOf({ a: [], b: [], c: [] })
    const units = fakeUnits({ hanging: true })
    const stop = new AbortController()
    const running = run(tasks, units, { signal: stop.signal })
    while (units.begun.length < 2) await delay(1)
    const reason = new DOMException('interrupted', 'AbortError')
    stop.abort(reason)
    await expect(running).rejects.toBe(reason)
    expect(units.begun).toEqual(['a', 'b'])
  })

  it('ends the other units when one fails by a fault of ours', async () => {
    const tasks = await tasksOf({ a: [], b: [] })
    let ended = 0
    const spawn = async (unit: string, { signal }: SpawnUnitOptions = {}) => {
      if (unit.endsWith('a')) throw new TypeError('a fault')
      await delay(60_000, undefined, { signal: signal! }).catch(() => ended++)
    }
    await expect(localEngine({ jobs: 2, spawn }).run(tasks, {})).rejects.toThrow('a fault')
    expect(ended).toBe(1)
  })

  it('does fewer at once when a unit needs most of the memory', async () => {
    const tasks = await tasksOf({ a: [], b: [], c: [] })
    const units = fakeUnits({ peakMemoryMB: 1e9 })
    await localEngine({ spawn: units.spawn }).run(tasks.slice(0, 1), {})
    units.most = 0
    await localEngine({ spawn: units.spawn }).run(tasks, {})
    expect(units.most).toBe(1)
  })
})
