import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { randomStream } from '../src/core/random.js'
import { keywordsOf, newXmp } from '../src/node/sort/xmp.js'
import { fileTree } from './support/file-tree.js'

const KILLS = 20
const ways = ['move', 'copy', 'move', 'hardlink', 'symlink'] as const

const script = fileURLToPath(new URL('./support/sort-worker.mjs', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'promptsrc-kills-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** 72 pictures in three folders, names that clash, some with companions: 104 files of a few kilobytes. */
function pictures(folder: string): string {
  for (const part of ['', 'a', 'a/b']) {
    mkdirSync(join(folder, part), { recursive: true })
    for (let n = 0; n < 24; n++) {
      const stem = join(folder, part, `${'xyz'[n % 3]}${n}`)
      writeFileSync(`${stem}.jpg`, `${part} ${n} `.repeat(500 + n))
      if (n % 3 === 0) writeFileSync(`${stem}.xmp`, `xmp ${part} ${n}`)
      if (n % 8 === 0) writeFileSync(`${stem}.CR2`, `raw ${part} ${n}`)
    }
  }
  return folder
}

/** Runs the worker; where told, kills it so long after it began. Returns the milliseconds that it went. */
async function work(args: readonly string[], killAfter?: number): Promise<{ ms: number; killed: boolean }> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? code))
  })
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended])
  const started = performance.now()
  if (killAfter !== undefined) {
    await Promise.race([delay(killAfter), ended])
    child.kill('SIGKILL')
  }
  const end = await ended
  if (end !== 'SIGKILL') expect(end, errors).toBe(0)
  return { ms: performance.now() - started, killed: end === 'SIGKILL' }
}

/** Contents of all files below folders, each once. */
function contents(...folders: string[]): Set<string> {
  const found = new Set<string>()
  for (const folder of folders.filter((each) => existsSync(each))) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) found.add(readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    }
  }
  return found
}

it(`${KILLS} kills at random moments lose nothing; going on and undoing are exact`, async () => {
  const trial = pictures(join(root, 'trial'))
  const { ms } = await work(['sort', trial, join(root, 'trial-sorted'), 'move'])
  const random = randomStream(1, 'kills')
  let kills = 0
  for (let round = 0; kills < KILLS; round++) {
    expect(round).toBeLessThan(6 * KILLS)
    const how = ways[round % ways.length]!
    const folder = pictures(join(root, `${round}`))
    const into = join(root, `${round}-sorted`)
    const tree = fileTree(folder)
    const all = contents(folder)
    const nothingLost = () => {
      const now = contents(folder, into)
      expect([...all].filter((content) => !now.has(content))).toEqual([])
    }
    if ((await work(['sort', folder, into, how], random.uniform() * 0.8 * ms)).killed) kills++
    nothingLost()
    if (round % 2 === 0) {
      await work(['sort', folder, into, how])
      nothingLost()
      const sorted = readdirSync(into, { recursive: true, encoding: 'utf8' })
      expect(sorted.filter((path) => /\.(jpg|xmp|CR2)$/.test(path))).toHaveLength(
        Object.keys(tree).length - 2,
      )
      expect(sorted.filter((path) => path.endsWith('.part'))).toEqual([])
    }
    if ((await work(['undo', folder, into, how], random.uniform() * 0.8 * ms)).killed) kills++
    nothingLost()
    for (let again = 0; again < (round < 3 ? 2 : 1); again++) {
      await work(['undo', folder, into, how])
      expect(fileTree(folder)).toEqual(tree)
      expect(existsSync(into) ? fileTree(into) : {}).toEqual({})
    }
    rmSync(folder, { recursive: true })
  }
}, 240_000)

it('kills while keywords are written leave every sidecar whole, and undoing is exact', async () => {
  const photos = (folder: string) => {
    mkdirSync(folder)
    for (let n = 0; n < 60; n++) {
      writeFileSync(join(folder, `${'xyz'[n % 3]}${n}.jpg`), `picture ${n}`)
      if (n % 2 === 0) writeFileSync(join(folder, `${'xyz'[n % 3]}${n}.xmp`), newXmp([`own ${n}`]))
    }
    return folder
  }
  const trial = photos(join(root, 'trial-keywords'))
  const { ms } = await work(['sort', trial, trial, 'keywords'])
  const random = randomStream(1, 'keyword kills')
  let kills = 0
  for (let round = 0; kills < 6; round++) {
    expect(round).toBeLessThan(36)
    const folder = photos(join(root, `keywords-${round}`))
    const tree = contentsByPath(folder)
    const whole = () => {
      const now = contentsByPath(folder)
      for (const [path, content] of Object.entries(now)) {
        if (content === tree[path] || !path.endsWith('.xmp')) continue
        expect(keywordsOf(content)).toContain(path[0])
      }
      for (const path of Object.keys(tree)) expect(now).toHaveProperty([path])
    }
    if ((await work(['sort', folder, folder, 'keywords'], random.uniform() * 0.8 * ms)).killed) kills++
    whole()
    if (round % 2 === 0) {
      await work(['sort', folder, folder, 'keywords'])
      whole()
      const sidecars = Object.entries(contentsByPath(folder)).filter(([path]) => path.endsWith('.xmp'))
      expect(sidecars).toHaveLength(60)
      for (const [path, content] of sidecars) expect(keywordsOf(content)).toContain(path[0])
    }
    if ((await work(['undo', folder, folder, 'keywords'], random.uniform() * 0.8 * ms)).killed) kills++
    whole()
    await work(['undo', folder, folder, 'keywords'])
    expect(contentsByPath(folder)).toEqual(tree)
    expect(readdirSync(folder)).toEqual(Object.keys(tree))
  }
}, 240_000)

/** Contents of the files in a folder, but those of the sort itself. */
function contentsByPath(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.promptsrc-sort'))
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}
