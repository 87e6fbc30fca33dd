import { open } from 'node:fs/promises'
import type { UnitFailure } from '../../units/unit-files.js'
import { accountedState, type QueuedTask, taskKey } from './queue.js'
import type { Placement } from './submissions.js'

/** Bytes at a log's end that are looked at, and lines of them that are shown. */
const TAIL = 4096
const LINES = 4

const hints: Readonly<Record<string, string>> = {
  TIMEOUT: 'Give it more with --time; the same call goes on after its last finished epoch.',
  DEADLINE: 'Give it more with --time; the same call goes on after its last finished epoch.',
  OUT_OF_MEMORY: 'Give it more with --memory; the same call goes on after its last finished epoch.',
}

/** Why a job without result ended, as far as Slurm and its log tell. */
export async function jobFailure(
  { job, index, log }: Placement,
  known: QueuedTask | undefined,
): Promise<UnitFailure> {
  const state = known?.state ?? (await accountedState(job, index))
  const how = state ? `ended as ${state}` : 'has left the queue'
  const lines = await lastLines(log)
  const said = lines.length > 0 ? `; its log ends with: ${lines.join(' | ')}` : ''
  return {
    message: `Slurm job ${taskKey(job, index)} ${how} without a result${said}`,
    hint: `${hints[state ?? ''] ?? 'The same call queues it again.'} Its log is ${log}`,
  }
}

async function lastLines(path: string): Promise<string[]> {
  try {
    const handle = await open(path)
    try {
      const { size } = await handle.stat()
      const from = Math.max(0, size - TAIL)
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from)
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n')
      return lines
        .map((line) => line.trim())
        .filter(Boolean)
        .slice(-LINES)
    } finally {
      await handle.close()
    }
  } catch {
    return []
  }
}
