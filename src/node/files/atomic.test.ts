import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../core/errors.js'
import { atomicFile, writeError, writeFileAtomic } from './atomic.js'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return { ...real, open: vi.fn(real.open) }
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'))
})

describe('atomic writing', () => {
  it('creates the folder, writes the content and leaves nothing else behind', async () => {
    const path = join(folder, 'a', 'b.txt')
    await writeFileAtomic(path, 'content')
    expect(await readFile(path, 'utf8')).toBe('content')
    expect(await readdir(join(folder, 'a'))).toEqual(['b.txt'])
  })

  it('shows the old content until it is committed', async () => {
    const path = join(folder, 'x')
    await writeFile(path, 'old')
    const file = await atomicFile(path)
    await file.write('new ')
    await file.write('content')
    expect(await readFile(path, 'utf8')).toBe('old')
    await file.commit()
    expect(await readFile(path, 'utf8')).toBe('new content')
  })

  it('keeps the old content when it is aborted', async () => {
    const path = join(folder, 'x')
    await writeFile(path, 'old')
    const file = await atomicFile(path)
    await file.write('half')
    await file.abort()
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['x'])
  })

  it('removes its temporary file and names the path when the target is a folder', async () => {
    const path = join(folder, 'taken')
    await mkdir(path)
    await expect(writeFileAtomic(path, 'x')).rejects.toThrow(`cannot write ${path}`)
    expect(await readdir(folder)).toEqual(['taken'])
  })

  it('names a file that stands where a folder is needed', async () => {
    await writeFile(join(folder, 'file'), '')
    const failure = writeFileAtomic(join(folder, 'file', 'x'), 'x')
    await expect(failure).rejects.toBeInstanceOf(UserError)
  })

  // Every write to Linux's /dev/full fails as on a full disk.
  it.skipIf(!existsSync('/dev/full'))(
    'keeps the old content and names the next step on a full disk',
    async () => {
      const path = join(folder, 'x')
      await writeFile(path, 'old')
      vi.mocked(open).mockImplementationOnce(async (temporary) => {
        await writeFile(temporary as string, '')
        return open('/dev/full', 'w')
      })
      const error = await writeFileAtomic(path, 'new').catch((e: unknown) => e)
      expect(error).toBeInstanceOf(UserError)
      expect(String(error)).toContain(`cannot write ${path}: the disk is full`)
      expect((error as UserError).hint).toMatch(/Free some space/)
      expect(await readFile(path, 'utf8')).toBe('old')
      expect(await readdir(folder)).toEqual(['x'])
    },
  )

  it.each(['EACCES', 'EROFS'])('names the path and the next step on %s', (code) => {
    const error = writeError('/data/run/prompts', Object.assign(new Error(code), { code }))
    expect(error).toBeInstanceOf(UserError)
    expect(String(error)).toContain('cannot write /data/run/prompts')
    expect((error as UserError).hint).toMatch(/^Choose a folder/)
  })

  it('refuses to go on after it was committed', async () => {
    const file = await atomicFile(join(folder, 'x'))
    await file.commit()
    await expect(file.write('more')).rejects.toThrow('after it was committed')
    await file.abort()
    expect(await readFile(join(folder, 'x'), 'utf8')).toBe('')
  })
})
