import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../errors.js'
import { atomicFile, writeError, writeFileAtomic } from './atomic.js'

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

  it('reports a full disk with the next step', () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    const error = writeError('/data/run/prompts', full)
    expect(error).toBeInstanceOf(UserError)
    expect(String(error)).toMatch(/cannot write \/data\/run\/prompts: the disk is full/)
    expect((error as UserError).hint).toMatch(/Free some space/)
  })
})
