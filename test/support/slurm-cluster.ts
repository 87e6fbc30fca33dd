import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const daemons = ['munged', 'slurmctld', 'slurmd'] as const
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`

/** Why no cluster can be started here; undefined where one can. */
export function missingSlurm(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux'
  const missing = [...daemons, 'sbatch'].filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`], { env: { PATH } }).status !== 0,
  )
  return missing.length > 0
    ? `${missing.join(', ')} not installed: apt-get install slurm-wlm munge`
    : undefined
}

/** A real Slurm of one node, on this machine's loopback. */
export interface SlurmCluster {
  /** What Slurm's programs need to find it. */
  readonly env: Readonly<Record<string, string>>
  /** Runs one of Slurm's programs; throws where it fails. */
  call(program: string, ...args: string[]): string
  stop(): Promise<void>
}

/** Options of {@link startSlurm}. */
export interface ClusterOptions {
  readonly cpus?: number
  /** Greatest index of a job array, plus one. */
  readonly maxArraySize?: number
}

/**
 * Starts munged, slurmctld and slurmd with everything they write in a folder of their own. No systemd, cgroups or
 * accounts: what a plain installation has least of.
 */
export async function startSlurm({
  cpus = 2,
  maxArraySize = 1001,
}: ClusterOptions = {}): Promise<SlurmCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'promptsrc-slurm-'))
  const at = (name: string) => join(folder, name)
  const socket = at('munge.socket')
  const [controllerPort, nodePort] = await freePorts(2)
  writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o600 })
  writeFileSync(
    at('slurm.conf'),
    [
      'ClusterName=promptsrc',
      'SlurmctldHost=localhost(127.0.0.1)',
      'SlurmUser=root',
      'SlurmdUser=root',
      'AuthType=auth/munge',
      'CredType=cred/munge',
      `AuthInfo=socket=${socket}`,
      `SlurmctldPort=${controllerPort}`,
      `SlurmdPort=${nodePort}`,
      `SlurmctldPidFile=${at('slurmctld.pid')}`,
      `SlurmdPidFile=${at('slurmd.pid')}`,
      `StateSaveLocation=${at('state')}`,
      `SlurmdSpoolDir=${at('spool')}`,
      'ProctrackType=proctrack/linuxproc',
      'TaskPlugin=task/none',
      'MpiDefault=none',
      'MailProg=/bin/true',
      'AccountingStorageType=accounting_storage/none',
      'JobAcctGatherType=jobacct_gather/none',
      'SelectType=select/cons_tres',
      'SelectTypeParameters=CR_Core_Memory',
      'SchedulerType=sched/backfill',
      // Waiting jobs are looked at every second instead of every half minute.
      'SchedulerParameters=sched_interval=1,bf_interval=1',
      'SlurmdParameters=config_overrides',
      'ReturnToService=2',
      'KillWait=2',
      `MaxArraySize=${maxArraySize}`,
      `NodeName=localhost NodeAddr=127.0.0.1 CPUs=${cpus} RealMemory=8000`,
      'PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP',
      '',
    ].join('\n'),
  )
  const env = { SLURM_CONF: at('slurm.conf'), PATH }
  const call = (program: string, ...args: string[]) => {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error ?? stderr}`)
    return stdout
  }
  const started = [
    start(env, at('munged.log'), 'munged', [
      '--foreground',
      '--force',
      `--key-file=${at('munge.key')}`,
      `--socket=${socket}`,
      `--pid-file=${at('munged.pid')}`,
      `--log-file=${at('munged.log')}`,
      `--seed-file=${at('munged.seed')}`,
    ]),
  ]
  const stop = async () => {
    for (const { process, ended } of started.reverse()) {
      process.kill('SIGTERM')
      const patience = setTimeout(() => process.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(patience)
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until('munged', () => spawnSync('munge', ['-n', `--socket=${socket}`], { env }).status === 0)
    started.push(start(env, at('slurmctld.log'), 'slurmctld', ['-D', '-c']))
    started.push(start(env, at('slurmd.log'), 'slurmd', ['-D', '-N', 'localhost']))
    await until('the node', () => /idle/.test(call('sinfo', '--noheader', '--format=%T')), true)
  } catch (error) {
    const logs = daemons.map((name) => `${name}:\n${tail(at(`${name}.log`))}`)
    await stop()
    throw new Error(`Slurm did not start: ${error}\n${logs.join('\n')}`)
  }
  return { env, call, stop }
}

function start(env: Record<string, string>, log: string, program: string, args: readonly string[]) {
  writeFileSync(log, '')
  const child = spawn('sh', ['-c', 'exec "$0" "$@" >>"$LOG" 2>&1', program, ...args], {
    env: { ...process.env, ...env, LOG: log },
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  return { process: child, ended }
}

async function until(what: string, check: () => boolean, throwing = false): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    let problem = `${what} is not there`
    try {
      if (check()) return
    } catch (error) {
      if (!throwing) throw error
      problem = String(error)
    }
    if (attempt === 200) throw new Error(problem)
    await delay(100)
  }
}

const tail = (path: string): string => readFileSync(path, 'utf8').split('\n').slice(-20).join('\n')

/** Ports that nothing listens on. All are held until the last is known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
