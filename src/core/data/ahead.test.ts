import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ahead, limiter, type Task } from './ahead.js'

/** Tasks that take the given milliseconds and note their starts, ends and the signal's news. */
function timed(milliseconds: readonly number[]) {
  const log = { started: 0, ended: 0, stopped: 0 }
  const tasks = milliseconds.map(
    (ms, i): Task<number> =>
      async (signal) => {
        log.started++
        try {
          await delay(ms, undefined, { signal })
        } catch {
          log.stopped++
          throw signal.reason
        } finally {
          log.ended++
        }
        return i
      },
  )
  return { log, tasks }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

describe('ahead', () => {
  it('keeps the order whatever the tasks take', async () => {
    expect(await collect(ahead(timed([20, 1, 10, 0, 5]).tasks, 3))).toEqual([0, 1, 2, 3, 4])
  })

  it('runs so far ahead and no further', async () => {
    const { tasks, log } = timed([0, 0, 0, 0, 0, 0])
    const results = ahead(tasks, 2)
    await results.next()
    await delay(20)
    expect(log.started).toBe(3)
    await results.return()
  })

  it('stops and waits for running tasks when the consumer leaves early', async () => {
    const { tasks, log } = timed([0, 10_000, 10_000, 0])
    for await (const _ of ahead(tasks, 3)) break
    expect(log).toEqual({ started: 4, ended: 4, stopped: expect.any(Number) })
    expect(log.stopped).toBeGreaterThanOrEqual(2)
  })

  it('throws the reason of an abort and leaves nothing running', async () => {
    const { tasks, log } = timed([0, 10_000, 10_000])
    const controller = new AbortController()
    const results = ahead(tasks, 2, controller.signal)
    await results.next()
    controller.abort(new Error('enough'))
    await expect(results.next()).rejects.toThrow('enough')
    expect(log.started).toBe(log.ended)
    await expect(collect(ahead(tasks, 2, controller.signal))).rejects.toThrow('enough')
  })

  it('reports a failure in its turn, after the results before it', async () => {
    const fails: Task<number> = async () => {
      throw new Error('third')
    }
    const results = ahead([...timed([10, 10]).tasks, fails, ...timed([0]).tasks], 4)
    expect([(await results.next()).value, (await results.next()).value]).toEqual([0, 1])
    await expect(results.next()).rejects.toThrow('third')
    expect((await results.next()).done).toBe(true)
  })
})

describe('limiter', () => {
  it('runs no more than so many at once, all in the end, also after failures', async () => {
    const limit = limiter(2)
    let running = 0
    let most = 0
    const results = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((i) =>
        limit(async () => {
          most = Math.max(most, ++running)
          await delay(2)
          running--
          if (i === 2) throw new Error('two')
          return i
        }),
      ),
    )
    expect(most).toBe(2)
    expect(results.map(({ status }) => status[0])).toEqual(['f', 'r', 'f', 'f', 'f'])
  })
})
