import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Batcher } from './batcher.js'

/** A batcher whose runs end when they are told to. */
function held(largest: number) {
  const runs: { items: readonly number[]; end: (error?: Error) => void }[] = []
  const batcher = new Batcher<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => `<${item}>`)))
        runs.push({ items, end })
      }),
    largest,
  )
  return { batcher, runs }
}

const turns = async () => {
  for (let i = 0; i < 3; i++) await setImmediate()
}

describe('requests of the same moment', () => {
  it('are run together, those that come meanwhile next, each with its own result', async () => {
    const { batcher, runs } = held(3)
    const first = [1, 2].map((item) => batcher.submit(item))
    await turns()
    const later = [3, 4, 5, 6].map((item) => batcher.submit(item))
    expect(batcher.waiting).toBe(4)
    runs[0]!.end()
    expect(await Promise.all(first)).toEqual(['<1>', '<2>'])
    await turns()
    runs[1]!.end()
    await turns()
    runs[2]!.end()
    expect(await Promise.all(later)).toEqual(['<3>', '<4>', '<5>', '<6>'])
    expect(runs.map(({ items }) => items)).toEqual([[1, 2], [3, 4, 5], [6]])
  })

  it('fail together, and leave the later ones alone', async () => {
    const { batcher, runs } = held(2)
    const failing = Promise.allSettled([batcher.submit(1), batcher.submit(2)])
    const later = batcher.submit(3)
    await turns()
    runs[0]!.end(new Error('out of memory'))
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await turns()
    runs[1]!.end()
    expect(await later).toBe('<3>')
  })

  it('are taken back where nobody waits for them any more, unless they are at work', async () => {
    const { batcher, runs } = held(1)
    const controller = new AbortController()
    const working = batcher.submit(1, controller.signal)
    await turns()
    const waiting = batcher.submit(2, controller.signal)
    const other = batcher.submit(3)
    controller.abort(new Error('gone'))
    runs[0]!.end()
    expect(await working).toBe('<1>')
    await expect(waiting).rejects.toThrow('gone')
    await turns()
    runs[1]!.end()
    expect(await other).toBe('<3>')
    expect(runs.map(({ items }) => items)).toEqual([[1], [3]])
  })
})
