import { describe, expect, it } from 'vitest'
import { ConfigError } from '../core/errors.js'
import { ClassLists } from './class-lists.js'

function lists(places: number) {
  const made: string[] = []
  const freed: string[] = []
  const make = async (classNames: readonly string[]) => {
    const name = classNames.join()
    made.push(name)
    if (name === 'bad') throw new ConfigError('no such class')
    return { classNames, logits: async () => new Float32Array(0), release: async () => void freed.push(name) }
  }
  const kept = new ClassLists(make, places)
  const ask = (name: string) => kept.use([name], async ({ classNames }) => classNames[0])
  return { kept, made, freed, ask }
}

describe('lists of classes', () => {
  it('are made once, and give way when they have not been asked for longest', async () => {
    const { made, freed, ask, kept } = lists(2)
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) expect(await ask(name)).toBe(name)
    expect(made).toEqual(['a', 'b', 'c', 'b'])
    expect(freed).toEqual(['b', 'c'])
    await kept.release()
    expect(freed.sort()).toEqual(['a', 'b', 'b', 'c'])
  })

  it('are made once for requests of the same moment', async () => {
    const { made, ask } = lists(2)
    expect(await Promise.all([ask('a'), ask('a'), ask('a')])).toEqual(['a', 'a', 'a'])
    expect(made).toEqual(['a'])
  })

  it('are not freed while they are in use: where all are, the request is refused', async () => {
    const { freed, ask, kept } = lists(1)
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const using = kept.use(['a'], () => ended)
    await expect(ask('b')).rejects.toMatchObject({ status: 503 })
    expect(freed).toEqual([])
    end()
    await using
    expect(await ask('b')).toBe('b')
    expect(freed).toEqual(['a'])
  })

  it('take no place where they cannot be made', async () => {
    const { ask, kept } = lists(1)
    await expect(ask('bad')).rejects.toThrow('no such class')
    expect(kept.size).toBe(0)
    expect(await ask('a')).toBe('a')
  })
})
