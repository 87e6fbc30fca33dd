import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sampledFrames } from '../../core/data/frames.js'
import { ImageError, MissingToolError } from '../../core/errors.js'
import { openFolder } from '../data/folder.js'
import { clipAt, clipsIn } from './clips.js'
import { checkFfmpeg, encodeVideo } from './ffmpeg.js'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'clips-'))
})
afterAll(() => rm(root, { recursive: true }))

/** A frame of one grey level. */
const grey = (level: number, width = 32, height = 24) => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(level),
})
const png = (level: number) =>
  sharp(grey(level).data, { raw: { width: 32, height: 24, channels: 3 } })
    .png()
    .toBuffer()

async function put(path: string, content: Uint8Array | string): Promise<string> {
  const full = join(root, path)
  await mkdir(dirname(full), { recursive: true })
  await writeFile(full, content)
  return full
}

async function frames(folder: string, levels: readonly number[]): Promise<string> {
  for (const [i, level] of levels.entries()) await put(`${folder}/frame-${i + 1}.png`, await png(level))
  return join(root, folder)
}

const hasFfmpeg = (() => {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe('a folder of frames', () => {
  it('has its frames in the order of their numbers', async () => {
    const levels = Array.from({ length: 12 }, (_, i) => 10 * i)
    const clip = clipAt(await frames('ordered', levels))
    expect(await clip.count()).toBe(12)
    const [second, tenth] = await clip.load([1, 9])
    expect([second!.data[0], tenth!.data[0]]).toEqual([10, 90])
  })

  it('is refused where it holds none', async () => {
    const empty = await put('empty/notes.txt', '')
    await expect(clipAt(dirname(empty)).count()).rejects.toThrow(
      `${join(root, 'empty')}: a clip without frames; expected pictures in its folder`,
    )
  })

  it('says which frame is damaged', async () => {
    const folder = await frames('damaged', [1, 2, 3])
    const bad = await put('damaged/frame-2.png', 'no picture')
    await expect(clipAt(folder).load([1])).rejects.toThrow(bad)
  })
})

describe('openFolder with clips', () => {
  it('takes a folder of frames for a clip, and keeps a share of clips for testing', async () => {
    for (const name of ['a', 'b']) {
      for (let i = 0; i < 4; i++) await frames(`set/${name}_walks/clip${i}`, [1, 2])
    }
    const { train, test, classNames } = await openFolder(join(root, 'set'), { clips: true })
    expect(classNames).toEqual(['a walks', 'b walks'])
    expect([train.length, test.length]).toEqual([6, 2])
    expect(await train[0]!.clip!.count()).toBe(2)
    expect((await train[0]!.load()).width).toBe(32)
  })

  it('names pictures that belong to no clip, and folders without frames', async () => {
    await frames('loose/a/clip', [1, 2])
    await put('loose/a/beside.png', await png(1))
    await put('loose/a/none/notes.txt', '')
    const { warnings, train } = await openFolder(join(root, 'loose'), { clips: true, testFraction: 0 })
    expect(train).toHaveLength(1)
    const a = join(root, 'loose/a')
    expect(warnings.map(({ message }) => message)).toEqual([
      `${a}/none: no frames in it; it is no clip, and ignored`,
      `${a}: 1 picture beside clips ignored (such as beside.png); a clip has a folder of its own`,
    ])
  })

  it('says what to do where a class folder holds pictures alone', async () => {
    await put('pictures/a/1.png', await png(1))
    await expect(openFolder(join(root, 'pictures'), { clips: true })).rejects.toMatchObject({
      message: `class folder ${join(root, 'pictures/a')}: 1 picture, but no clips`,
      hint: expect.stringContaining('leave --frames out'),
    })
  })

  it('is hinted at where a class folder holds videos alone', async () => {
    await put('videos/a/1.mp4', '')
    await expect(openFolder(join(root, 'videos'))).rejects.toMatchObject({
      hint: 'To read videos, say how many frames of each: --frames 8.',
    })
  })
})

describe('clipsIn', () => {
  it('finds videos and folders of frames below a folder', async () => {
    await frames('tree/b/clip', [1])
    const video = await put('tree/a/1.MP4', '')
    await put('tree/a/notes.txt', '')
    expect(await clipsIn(join(root, 'tree'))).toEqual([video, join(root, 'tree/b/clip')])
  })
})

describe('without ffmpeg', () => {
  it('says how to install it', async () => {
    vi.stubEnv('PATH', root)
    const checked = checkFfmpeg()
    await expect(checked).rejects.toThrow(MissingToolError)
    await expect(checked).rejects.toMatchObject({ hint: expect.stringContaining('ffmpeg') })
    vi.unstubAllEnvs()
  })
})

describe.skipIf(!hasFfmpeg)('a video', () => {
  const levels = Array.from({ length: 14 }, (_, i) => 16 * i)
  let path: string
  beforeAll(async () => {
    path = await put('video.mp4', await encodeVideo(levels.map((level) => grey(level))))
  })

  it('gives the frames that are asked for', async () => {
    const clip = clipAt(path)
    expect(await clip.count()).toBe(14)
    const found = await sampledFrames({ source: path, load: async () => grey(0), clip }, 4, () => 0.5)
    expect(found.map(({ width, height }) => [width, height])).toEqual(Array(4).fill([32, 24]))
    for (const [i, place] of [1, 5, 8, 12].entries())
      expect(Math.abs(found[i]!.data[0]! - 16 * place)).toBeLessThan(4)
  })

  it('is read in part where it is long and large', async () => {
    const large = await put('large.mp4', await encodeVideo([grey(50, 1200, 900), grey(90, 1200, 900)]))
    const [frame] = await clipAt(large).load([1])
    expect([frame!.width, frame!.height]).toEqual([640, 480])
  })

  it('is refused where it is cut off, no video or empty', async () => {
    const cut = await put('cut.mp4', (await readFile(path)).subarray(0, 500))
    const text = await put('text.mp4', 'not a video')
    const empty = await put('empty.mp4', '')
    for (const bad of [cut, text, empty]) {
      const counted = clipAt(bad).count()
      await expect(counted).rejects.toThrow(ImageError)
      await expect(counted).rejects.toThrow(new RegExp(`^${bad}: .*no video`))
    }
  })
})
