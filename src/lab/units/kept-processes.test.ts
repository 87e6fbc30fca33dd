import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KeptProcesses } from './spawn-unit.js'

/** Writes its process id into the folder of every unit; fails in one that is called so, and waits in one beside another for that. */
const program = `
import { existsSync, writeFileSync } from 'node:fs'
const work = async (folder) => {
  if (folder.endsWith('failing')) { process.stderr.write('out of luck'); process.exit(1) }
  writeFileSync(folder + '/pid', String(process.pid))
  const other = { left: 'right', right: 'left' }[folder.match(/left$|right$/)]
  while (other && !existsSync(folder.replace(/[a-z]+$/, other) + '/pid')) await new Promise((r) => setTimeout(r, 10))
  process.send({ share: 0.5 })
  process.send({ finished: true })
}
process.on('message', ({ folder }) => work(folder))
process.on('disconnect', () => process.exit(0))
work(process.argv[2])
`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kept-'))
  await writeFile(join(folder, 'unit.mjs'), program)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('does units one after the other in one process, side by side in several, and after a failure in a new one', async () => {
  const processes = new KeptProcesses()
  const shares: number[] = []
  const does = async (name: string) => {
    const unit = join(folder, name)
    await mkdir(unit)
    await processes.spawn(unit, {
      command: [process.execPath, join(folder, 'unit.mjs')],
      onProgress: ({ share }) => shares.push(share),
    })
    return Number(await readFile(join(unit, 'pid'), 'utf8'))
  }
  const first = await does('first')
  expect(await does('second')).toBe(first)
  const [left, right] = await Promise.all([does('left'), does('right')])
  expect([left, right]).toContain(first)
  expect(left).not.toBe(right)
  // Both are free: each fails in turn, and what comes then has a new process.
  await expect(does('a-failing')).rejects.toThrow('out of luck')
  await expect(does('b-failing')).rejects.toThrow('out of luck')
  expect([left, right]).not.toContain(await does('fifth'))
  expect(shares).toEqual([0.5, 0.5, 0.5, 0.5, 0.5])
  processes.end()
})
