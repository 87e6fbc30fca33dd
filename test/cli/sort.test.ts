import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc, startPromptsrc } from '../support/command.js'
import { fileTree } from '../support/file-tree.js'
import { photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-sort-command-'))
const run = (...args: string[]) => promptsrc(folder, ...args)
const at = (...path: string[]) => join(folder, ...path)
const sort = (...args: string[]) =>
  run('sort', 'run', 'mess', '--threads', '1', '--threshold', '0', '--margin', '0', ...args)

/** Pictures of one class, so that names and not answers decide what is where. */
const total = 12

beforeAll(async () => {
  await photoFolder(at('photos'))
  const { code, stderr } = await run(
    ...[
      'train',
      'photos',
      '--model',
      'tiny',
      '--shots',
      '2',
      '--epochs',
      '2',
      '--threads',
      '1',
      '--out',
      'run',
    ],
  )
  expect(code, stderr).toBe(0)
  mkdirSync(at('original/sub'), { recursive: true })
  let n = 0
  for (const name of readdirSync(at('photos/test'))) {
    for (const image of readdirSync(at('photos/test', name))) {
      cpSync(at('photos/test', name, image), at('original', n % 2 === 0 ? '' : 'sub', `IMG_${n >> 1}.png`))
      n++
    }
  }
  expect(n).toBe(total)
  writeFileSync(at('original/IMG_0.cr2'), 'raw')
  writeFileSync(at('original/IMG_0.mov'), 'film')
  writeFileSync(at('original/bad.jpg'), 'no picture')
  writeFileSync(at('original/notes.txt'), 'notes')
  symlinkSync('/etc/hosts', at('original/link.png'))
})

beforeEach(() => {
  for (const name of ['mess', 'sorted']) rmSync(at(name), { recursive: true, force: true })
  cpSync(at('original'), at('mess'), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const files = (path: string) =>
  readdirSync(at(path), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.jsonl'))
    .map(({ name }) => name)

describe('sort', () => {
  it('without a terminal prints the plan alone, and says so', async () => {
    const { code, stdout, stderr } = await sort('--into', 'sorted')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`copy ${total + 2} files`)
    expect(stdout).toMatch(/^red square\/ +\d+/m)
    expect(stdout).toContain('bad.jpg: text; expected a JPEG')
    expect(stdout).toContain('1 symbolic link left alone')
    expect(stdout).toMatch(/Nothing was done; --yes does it\.\n$/)
    expect(existsSync(at('sorted'))).toBe(false)
  })

  it('copies, takes only what is new the second time, and gives everything back', async () => {
    const before = fileTree(at('mess'))
    const first = JSON.parse((await sort('--into', 'sorted', '--yes', '--json')).stdout)
    expect(first).toMatchObject({
      how: 'copy',
      done: total + 2,
      failed: [],
      agreed: true,
      others: ['notes.txt'],
    })
    expect(first.unreadable.map(({ path }: { path: string }) => path)).toEqual(['bad.jpg'])
    expect(first.links).toEqual(['link.png'])
    for (const { image, to, kind, classes, companions } of first.photos) {
      expect(kind).toBe('class')
      expect(to.split('/')[0]).toBe(classes[0].className)
      expect(readFileSync(at('sorted', to))).toEqual(readFileSync(at('mess', image)))
      expect(companions).toHaveLength(image === 'IMG_0.png' ? 2 : 0)
    }
    expect(fileTree(at('mess'))).toEqual(before)
    cpSync(at('mess/IMG_0.png'), at('mess/new.png'))
    const second = JSON.parse((await sort('--into', 'sorted', '--yes', '--json')).stdout)
    expect(second).toMatchObject({ done: 1, sortedBefore: total })
    const undone = [await run('sort', '--undo', 'sorted'), await run('sort', '--undo', 'sorted', '--json')]
    expect(undone[0]!.stdout).toMatch(/^1 file of the sort of .*\n1 earlier sort into/)
    expect(JSON.parse(undone[1]!.stdout)).toMatchObject({ undone: total + 2, kept: [], earlier: 0 })
    expect(existsSync(at('sorted'))).toBe(false)
    const third = await run('sort', '--undo', 'sorted')
    expect(third).toMatchObject({ code: 0, stderr: '' })
    expect(third.stdout).toContain('nothing to undo')
  })

  it('moves into a new folder within the one that is sorted, and back', async () => {
    const before = fileTree(at('mess'))
    const { code } = await sort('--into', 'mess/sorted', '--move', '--yes')
    expect(code).toBe(0)
    expect(files('mess/sorted')).toHaveLength(total + 2)
    const left = readdirSync(at('mess')).sort()
    expect(left).toEqual(['bad.jpg', 'link.png', 'notes.txt', 'sorted', 'sub'])
    await run('sort', '--undo', 'mess/sorted')
    expect(fileTree(at('mess'))).toEqual(before)
  })

  it('puts what no class is likely enough for into "none of these", and close ones into "uncertain"', async () => {
    const none = await sort('--into', 'sorted', '--threshold', '1', '--json')
    const kinds = (stdout: string) =>
      JSON.parse(stdout).folders.map((each: { folder: string }) => each.folder)
    expect(kinds(none.stdout)).toEqual(['none of these'])
    const uncertain = await sort('--into', 'sorted', '--margin', '1')
    expect(uncertain.stdout).toMatch(/^uncertain\/ +12/m)
    expect(uncertain.stdout).toMatch(/^ {2}IMG_0\.png: \w+ square \d+ %, \w+ square \d+ %$/m)
  })

  it('finds "none of these" by the score and threshold of predict', async () => {
    rmSync(at('mess/bad.jpg'))
    for (const args of [[], ['--accept', '0.5'], ['--add-class', 'pink circle'], ['--threshold', '0.2504']]) {
      const common = ['--threads', '1', '--json', ...args]
      const sorted = await run('sort', 'run', 'mess', '--into', 'sorted', '--margin', '0', ...common)
      expect(sorted.stderr).toBe('')
      const { threshold, thresholdOf, photos } = JSON.parse(sorted.stdout)
      expect(thresholdOf).toBe('score')
      const paths = photos.map(({ image }: { image: string }) => `mess/${image}`)
      const predicted = (await run('predict', 'run', ...paths, ...common)).stdout.trimEnd().split('\n')
      expect(photos).toHaveLength(total)
      for (const [i, line] of predicted.entries()) {
        const prediction = JSON.parse(line)
        expect(prediction).toMatchObject({ score: photos[i].score, threshold })
        expect(photos[i].kind).toBe(prediction.accepted ? 'class' : 'none')
      }
    }
  })

  it('says that a run keeps no threshold, and goes by the probability then', async () => {
    cpSync(at('run'), at('plain'), { recursive: true })
    rmSync(at('plain/none-of-these.json'))
    const call = (...args: string[]) => run('sort', 'plain', 'mess', '--into', 'sorted', '--json', ...args)
    const { code, stdout, stderr } = await call()
    expect(code).toBe(0)
    expect(stderr).toContain('plain keeps no threshold of held-out images')
    expect(JSON.parse(stdout)).toMatchObject({ threshold: 0.3, thresholdOf: 'probability' })
    const given = await call('--threshold', '1')
    expect(given.stderr).toBe('')
    expect(JSON.parse(given.stdout)).toMatchObject({ threshold: 1, thresholdOf: 'score' })
    expectRefused(await call('--accept', '0.9'), 'keeps no scores of held-out images', '--threshold')
  })

  it('writes keywords into sidecars beside the pictures, each once, and takes them back', async () => {
    const before = fileTree(at('mess'))
    const { code, stdout } = await sort('--keywords', '--yes')
    expect(code).toBe(0)
    expect(stdout).toContain(`write keywords into ${total} XMP sidecars`)
    expect(readFileSync(at('mess/sub/IMG_0.png.xmp'), 'utf8')).toMatch(/<rdf:li>\w+ square<\/rdf:li>/)
    expect((await sort('--keywords', '--yes')).stdout).toContain('There is nothing to do')
    await run('sort', '--undo', 'mess')
    expect(fileTree(at('mess'))).toEqual(before)
  })

  it.each([
    ['no run', ['sort', '--into', 'sorted'], 'needs a run and a folder'],
    ['no target', ['sort', 'run', 'mess'], '--into DIR'],
    [
      'two ways',
      ['sort', 'run', 'mess', '--into', 'x', '--move', '--copy'],
      '--copy and --move exclude each other',
    ],
    [
      'keywords elsewhere',
      ['sort', 'run', 'mess', '--into', 'x', '--keywords'],
      '--keywords takes no --into',
    ],
    ['itself as target', ['sort', 'run', 'mess', '--into', 'mess/../mess'], 'is the folder that is sorted'],
    ['no such folder', ['sort', 'run', 'nowhere', '--into', 'x'], 'nowhere: no such folder'],
    ['a folder without pictures', ['sort', 'run', 'run', '--into', 'x'], 'run: no pictures there'],
    ['a threshold beyond 1', ['sort', 'run', 'mess', '--into', 'x', '--threshold', '2'], 'from 0 to 1'],
    ['a device that is none', ['sort', 'run', 'mess', '--into', 'x', '--device', 'abacus'], 'There are'],
    ['an undo with more', ['sort', 'run', '--undo', 'sorted'], '--undo DIR goes alone'],
  ])('refuses %s', async (_, args, words) => {
    expectRefused(await run(...args), words)
    expect(existsSync(at('x'))).toBe(false)
  })

  it('asks a run about a picture once, if answers are kept', async () => {
    const env = { PROMPTSRC_CACHE: at('cache') }
    const call = (...args: string[]) =>
      startPromptsrc(folder, ['sort', 'run', 'mess', '--into', 'sorted', '--json', ...args], [], env).ended
    rmSync(at('mess/bad.jpg'))
    const plan = JSON.parse((await call()).stdout)
    // Without the model only kept answers can be had.
    const again = await call('--model', 'nowhere', '--threshold', '1')
    expect(again.code, again.stderr).toBe(0)
    const answers = ({ photos }: { photos: { image: string; classes: unknown }[] }) =>
      photos.map(({ image, classes }) => ({ image, classes }))
    expect(answers(JSON.parse(again.stdout))).toEqual(answers(plan))
    expect(JSON.parse(again.stdout).folders).toMatchObject([{ folder: 'none of these', pictures: total }])
    expect((await call('--model', 'nowhere', '--no-cache')).code).toBe(2)
  })

  it('stops by Ctrl-C between two files, and goes on by the same call', async () => {
    const before = fileTree(at('mess'))
    for (let n = 0; n < 150; n++) cpSync(at('mess/IMG_0.png'), at('mess', `more ${n}.png`))
    const args = ['sort', 'run', 'mess', '--into', 'sorted', '--move', '--threads', '1', '--yes', '--json']
    const running = startPromptsrc(folder, args)
    while (!existsSync(at('sorted/.promptsrc-sort/1.jsonl'))) {
      await delay(1)
      expect(running.process.exitCode).toBeNull()
    }
    running.process.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect(stderr).toContain('Interrupted. The same call goes on; `promptsrc sort --undo')
    expect(code).toBe(130)
    expect(files('sorted').length).toBeLessThan(150)
    expectRefused(await run(...args, '--margin', '0.5'), 'an unfinished sort of', '--undo')
    const rest = JSON.parse((await run(...args)).stdout)
    expect(rest).toMatchObject({ continued: true, done: total + 152, failed: [] })
    await run('sort', '--undo', 'sorted')
    for (let n = 0; n < 150; n++) rmSync(at('mess', `more ${n}.png`))
    expect(fileTree(at('mess'))).toEqual(before)
  })

  it('refuses a class folder that is a link, before it looks at pictures', async () => {
    mkdirSync(at('sorted'))
    symlinkSync(at('photos'), at('sorted/red square'))
    expectRefused(await sort('--into', 'sorted', '--yes'), 'red square', 'nothing is written through it')
  })
})
