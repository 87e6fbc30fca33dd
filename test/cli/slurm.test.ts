import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { expectRefused, promptsrc, startPromptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'
import { missingSlurm, type SlurmCluster, startSlurm } from '../support/slurm-cluster.js'
import { writeSweep } from '../support/sweep.js'

vi.setConfig({ testTimeout: 120_000 })

const missing = missingSlurm()
if (missing !== undefined) process.stderr.write(`Slurm is not tested: ${missing}\n`)

/** Blanks, quotes and what Slurm takes for a symbol: paths may have all of them. */
const folder = mkdtempSync(join(tmpdir(), "promptsrc slurm's 5%j-"))
const at = (...parts: string[]) => join(folder, ...parts)
/** Enough that a run can be caught in the middle. */
const epochs = 8
let cluster: SlurmCluster

type Sweep = Awaited<ReturnType<typeof writeSweep>>
const foldersOf = ({ trainings, evaluations }: Sweep) => [...evaluations, ...trainings]

const units = (sweep: Sweep, ...args: string[]) =>
  startPromptsrc(
    folder,
    ['units', ...foldersOf(sweep), '--engine', 'slurm', '--poll', '0.3', '--memory', '500M', ...args],
    [],
    cluster.env,
  )

/** Ids of the jobs submitted for a sweep, in their order. */
function jobsOf(out: string): { job: string; units: Record<string, string> }[] {
  return readdirSync(at(out, 'slurm'))
    .filter((name) => /^\d+$/.test(name))
    .sort()
    .map((name) => JSON.parse(readFileSync(at(out, 'slurm', name, 'submission.json'), 'utf8')))
}

/** Where Slurm has a unit, by the last parts of its folder. */
function taskOf(out: string, unit: string): string {
  for (const { job, units } of jobsOf(out).reverse()) {
    const found = Object.entries(units).find(([, folder]) => folder.endsWith(`/${unit}`))
    if (found) return `${job}_${found[0]}`
  }
  throw new Error(`${unit} was not submitted`)
}

const stateOf = (task: string) =>
  cluster.call('squeue', '--noheader', '--states=all', `--jobs=${task}`, '--format=%T').trim()

const logOf = (out: string, unit: string) => {
  const [job, index] = taskOf(out, unit).split('_')
  const place = jobsOf(out).findIndex((submission) => submission.job === job) + 1
  return readFileSync(at(out, 'slurm', String(place).padStart(3, '0'), `${index}.log`), 'utf8')
}

/** Halts a unit's process as soon as it has a checkpoint, and returns its id. */
async function halt(unit: string): Promise<number> {
  while (!existsSync(join(unit, 'checkpoints/epoch-001.safetensors'))) await delay(5)
  const { pid } = JSON.parse(readFileSync(join(unit, 'lock'), 'utf8'))
  process.kill(pid, 'SIGSTOP')
  expect(existsSync(join(unit, 'result.json'))).toBe(false)
  return pid
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 100 })

const bytesOf = (unit: string) => readFileSync(join(unit, 'prompts.safetensors'))
const measuresOf = (unit: string) => JSON.parse(readFileSync(join(unit, 'result.json'), 'utf8')).measures

describe.skipIf(missing !== undefined)('a sweep on a real Slurm', () => {
  beforeAll(async () => {
    await photoFolder(at('photos'))
    cluster = await startSlurm({ cpus: 4, maxArraySize: 3 })
  })
  afterAll(async () => {
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('goes on after kills and time limits, is followed by a later call, and equals the local one bit for bit', async () => {
    const options = { photos: at('photos'), seeds: [1, 2, 3], epochs }
    const local = await writeSweep(at('local/units'), options)
    const sweep = await writeSweep(at('far/units'), options)
    expect(
      await promptsrc(folder, 'units', ...foldersOf(local), '--jobs', '2', '--threads', '1'),
    ).toMatchObject({ code: 0 })

    const submitted = await units(sweep, '--submit-only').ended
    expect(submitted).toMatchObject({ code: 0, stdout: '0 of 9 runs are done\n' })
    // Arrays here hold two units; each evaluation waits for its own training.
    expect(jobsOf('far').map(({ units }) => Object.keys(units).length)).toEqual([2, 1, 2, 2, 1, 1])

    const [killed, limited] = await Promise.all([halt(sweep.trainings[0]!), halt(sweep.trainings[1]!)])
    process.kill(killed, 'SIGKILL')
    // As Slurm does before the time limit.
    cluster.call('scancel', '--batch', '--signal=USR2', taskOf('far', 'train-2'))
    process.kill(limited, 'SIGCONT')
    await until(() => expect(stateOf(taskOf('far', 'train-1'))).toBe('FAILED'))
    await until(() => expect(stateOf(taskOf('far', 'train-2'))).toBe('PENDING'))
    cluster.call('scontrol', 'requeue', taskOf('far', 'train-1'))
    await until(() => expect(stateOf(taskOf('far', 'train-1'))).toBe('PENDING'))
    // Slurm lets what is queued again wait for two minutes, until credentials of the earlier start have expired.
    for (const name of ['train-1', 'train-2']) {
      cluster.call('scontrol', 'update', `JobId=${taskOf('far', name)}`, 'StartTime=now+5')
    }

    const following = units(sweep)
    await until(() => expect(following.stderr()).toContain('of an earlier call'))
    following.process.kill('SIGINT')
    const { code, stderr } = await following.ended
    expect(code).toBe(130)
    expect(stderr).toMatch(/Slurm jobs [\d, ]+ go on; the same call follows. To cancel: scancel \d+/)

    const done = await units(sweep).ended
    expect(done).toMatchObject({ code: 0, stdout: '9 of 9 runs are done\n' })
    expect(done.stderr).toMatch(/^base-1: [\d.]+ %, \d+ s$/m)
    // Trainings were not submitted again.
    for (const name of ['train-1', 'train-2', 'train-3']) {
      expect(
        jobsOf('far').filter(({ units }) => Object.values(units).some((u) => u.endsWith(name))),
      ).toHaveLength(1)
    }
    expect(logOf('far', 'train-1')).toContain('The run was ended by signal 9.')
    expect(logOf('far', 'train-2')).toContain('The time limit is near')
    for (const [i, unit] of sweep.trainings.entries()) {
      expect(bytesOf(unit).equals(bytesOf(local.trainings[i]!))).toBe(true)
    }
    expect(sweep.evaluations.map(measuresOf)).toEqual(local.evaluations.map(measuresOf))
    expect((await units(sweep).ended).stderr).toBe('')
  })

  it('does a whole benchmark, one of its runs killed and queued again, to the tables of this machine', async () => {
    await photoFolder(at('pictures'), 4)
    const args = [
      ...['bench', 'base-to-novel', '--datasets', 'photos,pictures', '--methods', 'zero-shot,ivlp'],
      ...['--seeds', '1,2', '--model', 'tiny', '--shots', '3', '--batch-size', '1', '--epochs', `${epochs}`],
    ]
    const far = ['--out', 'bench', '--engine', 'slurm', '--poll', '0.3', '--memory', '500M']
    const bench = (...more: string[]) => startPromptsrc(folder, [...args, ...more], [], cluster.env).ended
    const local = await bench('--out', 'bench-local', '--json', '--threads', '1')
    expect(local).toMatchObject({ code: 0 })

    const submitted = await bench(...far, '--submit-only')
    expect(submitted).toMatchObject({ code: 0 })
    expect(submitted.stderr).toMatch(/^\d+ of 22 runs are queued; the same call follows them$/m)
    const unit = 'photos/ivlp/shots3-seed1/train'
    process.kill(await halt(at('bench/base-to-novel', unit)), 'SIGKILL')
    const task = taskOf('bench/base-to-novel', unit)
    await until(() => expect(stateOf(task)).toBe('FAILED'))
    cluster.call('scontrol', 'requeue', task)
    await until(() => expect(stateOf(task)).toBe('PENDING'))
    cluster.call('scontrol', 'update', `JobId=${task}`, 'StartTime=now+5')

    const done = await bench(...far, '--json')
    expect(done.code, done.stderr).toBe(0)
    expect(JSON.parse(done.stdout).tables).toEqual(JSON.parse(local.stdout).tables)
  })

  it('lists what failed with its cause, does the rest, and tries again by the next call', async () => {
    const sweep = await writeSweep(at('failing/units'), { photos: at('photos'), seeds: [1, 2, 3], epochs })
    const [cancelled, damaged] = sweep.trainings as [string, string]
    const spec = readFileSync(join(damaged, 'unit.json'), 'utf8')
    writeFileSync(join(damaged, 'unit.json'), spec.replace(/"sha256": "\w{4}/, '"sha256": "0000'))

    const running = units(sweep)
    await halt(cancelled)
    cluster.call('scancel', taskOf('failing', 'train-1'))
    const { code, stdout, stderr } = await running.ended
    expect({ code, stdout }).toEqual({ code: 2, stdout: '3 of 9 runs are done\n' })
    expect(stderr).toMatch(/^train-1: failed: Slurm job \d+_\d ended as CANCELLED without a result/m)
    expect(stderr).toMatch(/^train-2: failed: .*tiny is \w+…, but .* is for 0000/m)
    expect(stderr).toContain('base-1: needs train-1, which is not done')
    expect(stderr).toContain('error: 6 of 9 runs failed\n')

    writeFileSync(join(damaged, 'unit.json'), spec)
    expect(await units(sweep).ended).toMatchObject({ code: 0, stdout: '9 of 9 runs are done\n' })
  })

  describe('is refused in Slurm’s words, and leaves nothing in the queue', () => {
    let sweep: Sweep
    beforeAll(async () => {
      sweep = await writeSweep(at('refused/units'), { photos: at('photos'), seeds: [1] })
    })

    it.each([
      [['--partition', 'nope'], 'sbatch: invalid partition specified: nope', '`sinfo` lists the partitions'],
      [['--memory', '900G'], 'sbatch: ', '`sinfo -Nel` lists what the nodes have'],
      [['--slurm-option', 'begin=never'], 'sbatch: ', 'begin'],
      [['--slurm-option', 'array=1-9'], 'promptsrc sets array itself'],
      [['--out', 'back\\slash'], 'takes no backslash'],
    ])('%j', async (args, ...words) => {
      const { code, stdout, stderr } = await units(sweep, ...args).ended
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      for (const word of words) expect(stderr).toContain(word)
      expect(cluster.call('squeue', '--noheader')).toBe('')
    })

    it('where no Slurm is', async () => {
      const args = ['units', ...foldersOf(sweep), '--engine', 'slurm']
      const ended = await startPromptsrc(folder, args, [], { PATH: '/nowhere' }).ended
      expectRefused(ended, 'is not installed here', '--engine local')
    })
  })
})

it('options of Slurm are refused for the local engine', async () => {
  expectRefused(await promptsrc(tmpdir(), 'units', 'x', '--partition', 'main'), '--partition is for Slurm')
})
