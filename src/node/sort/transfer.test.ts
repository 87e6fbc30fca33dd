import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { link } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { copyTo, moveTo, settle, takeBack } from './transfer.js'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return { ...real, link: vi.fn(real.link) }
})

let folder: string
let from: string
let to: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'promptsrc-transfer-'))
  from = join(folder, 'from')
  to = join(folder, 'to')
  writeFileSync(from, 'content')
})
afterEach(() => {
  vi.mocked(link).mockReset()
  rmSync(folder, { recursive: true })
})

/** As memory cards are. */
const withoutHardLinks = () =>
  vi.mocked(link).mockRejectedValue(Object.assign(new Error(), { code: 'EPERM' }))
const names = () => readdirSync(folder).sort()
const content = (path: string) => readFileSync(path, 'utf8')

describe.each([
  ['with hard links', () => {}],
  ['without hard links', withoutHardLinks],
])('on a file system %s', (_, prepare) => {
  beforeEach(async () => {
    const real = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises')
    vi.mocked(link).mockImplementation(real.link)
    prepare()
  })

  it('a file is moved, and back', async () => {
    await moveTo(from, to)
    expect(names()).toEqual(['to'])
    await takeBack('move', from, to)
    expect(names()).toEqual(['from'])
    expect(content(from)).toBe('content')
  })

  it('a file is copied, and the copy taken away', async () => {
    await copyTo(from, to)
    expect(names()).toEqual(['from', 'to'])
    expect(content(to)).toBe('content')
    await takeBack('copy', from, to)
    expect(names()).toEqual(['from'])
  })

  it.each([
    ['moved', moveTo],
    ['copied', copyTo],
  ])('no other file is replaced by one that is %s', async (_, put) => {
    writeFileSync(to, 'of somebody else')
    await expect(put(from, to)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(names()).toEqual(['from', 'to'])
    expect(content(from)).toBe('content')
    expect(content(to)).toBe('of somebody else')
  })

  it.each(['move', 'copy'] as const)(
    'a name that was taken before a crash is given free: %s',
    async (how) => {
      writeFileSync(to, '')
      expect(await settle(how, from, to)).toBe(false)
      expect(names()).toEqual(['from'])
      writeFileSync(to, '')
      await takeBack(how, from, to)
      expect(names()).toEqual(['from'])
      expect(content(from)).toBe('content')
    },
  )

  it('a move between file systems that was cut off before the original went is finished or taken back', async () => {
    await copyTo(from, to)
    expect(await settle('move', from, to)).toBe(true)
    expect(names()).toEqual(['to'])
    writeFileSync(from, 'content')
    await takeBack('move', from, to)
    expect(names()).toEqual(['from'])
  })
})
