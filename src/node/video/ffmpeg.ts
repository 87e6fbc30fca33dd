import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ImageError, MissingToolError } from '../../core/errors.js'
import type { RgbImage } from '../../core/image/resize.js'

/** Frames with a longer short side are shrunk to it while they are decoded: models look at far fewer pixels. */
const SHORT_SIDE = 480
/** Longest error text of ffmpeg that a message takes up. */
const REASON = 200
/** Bytes of frames that one call may give. */
const MOST_BYTES = 2 ** 30

const installs: Readonly<Record<string, string>> = {
  darwin: 'brew install ffmpeg',
  win32: 'winget install ffmpeg',
}

let there: Promise<void> | undefined

/**
 * Makes sure that ffmpeg and ffprobe can be called.
 *
 * @throws MissingToolError naming the command that installs them
 */
export function checkFfmpeg(): Promise<void> {
  there ??= Promise.all(['ffmpeg', 'ffprobe'].map((tool) => called(tool, ['-version']))).then(() => {})
  // What is missing may be there when the next data set is opened.
  there.catch(() => {
    there = undefined
  })
  return there
}

/** The file alone is read, whatever a playlist inside it names. */
const inputOf = (path: string): string[] => ['-protocol_whitelist', 'file', '-i', `file:${resolve(path)}`]

/**
 * How many frames the first video stream of a file has, counted by its packets, without decoding.
 *
 * @throws ImageError for a file without video or a damaged one, MissingToolError without ffprobe
 */
export async function countFrames(path: string): Promise<number> {
  const { code, out, reason } = await called('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v:0', '-count_packets'],
    ...['-show_entries', 'stream=nb_read_packets', '-of', 'json'],
    ...inputOf(path),
  ])
  if (code !== 0) throw damaged(path, reason)
  const { streams = [] } = JSON.parse(out.toString()) as { streams?: { nb_read_packets?: string }[] }
  const frames = Number(streams[0]?.nb_read_packets ?? 0)
  if (frames > 0) return frames
  throw new ImageError(`${path}: ${streams.length === 0 ? 'no video in it' : 'a video without frames'}`, {
    hint: 'Remove the file, or replace it by a video.',
  })
}

/**
 * Decodes some frames of a file's first video stream, upright, their short side at most {@link SHORT_SIDE}.
 *
 * @param places numbers of frames from 0, rising and each once. Where a file ends before its last packets can be decoded, and
 *   nothing is damaged, the last frame stands in for those behind it.
 * @throws ImageError for a damaged file, MissingToolError without ffmpeg
 */
export async function decodeFrames(path: string, places: readonly number[]): Promise<RgbImage[]> {
  const wanted = places.map((place) => `eq(n,${place})`).join('+')
  const side = (own: 'iw' | 'ih', other: 'iw' | 'ih') =>
    `if(gt(${own},${other}),-1,min(${own},${SHORT_SIDE}))`.replaceAll(',', '\\,')
  const filters = [
    `select=${wanted.replaceAll(',', '\\,')}`,
    // Frames one after the other, so that none is repeated or dropped for its time.
    'setpts=N/25/TB',
    `scale=w=${side('iw', 'ih')}:h=${side('ih', 'iw')}:flags=bicubic`,
  ]
  const { code, out, reason } = await called('ffmpeg', [
    ...['-v', 'error', '-nostdin', ...inputOf(path), '-map', '0:v:0', '-vf', filters.join()],
    ...['-r', '25', '-frames:v', `${places.length}`, '-f', 'image2pipe', '-c:v', 'ppm', '-'],
  ])
  if (code !== 0) throw damaged(path, reason)
  const frames = portablePixmaps(out)
  const last = frames.at(-1)
  if (last === undefined || (frames.length < places.length && reason !== ''))
    throw damaged(
      path,
      reason || `none of ${places.length === 1 ? `frame ${places[0]}` : 'the frames'} can be decoded`,
    )
  return places.map((_, i) => frames[i] ?? last)
}

/**
 * Frames of one size as a video of 12 frames a second (MPEG-4 in MP4), which every ffmpeg can write.
 *
 * @throws MissingToolError without ffmpeg
 */
export async function encodeVideo(frames: readonly RgbImage[]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'promptsrc-video-'))
  try {
    const file = join(folder, 'clip.mp4')
    const pictures = frames.map(({ width, height, data }) =>
      Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), data]),
    )
    const options = [
      '-f',
      'image2pipe',
      '-c:v',
      'ppm',
      '-framerate',
      '12',
      '-i',
      '-',
      '-c:v',
      'mpeg4',
      '-q:v',
      '2',
    ]
    const { code, reason } = await called(
      'ffmpeg',
      ['-v', 'error', '-y', ...options, `file:${file}`],
      Buffer.concat(pictures),
    )
    if (code !== 0) throw new Error(`ffmpeg cannot write videos: ${reason}`)
    return await readFile(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Pictures of 8-bit RGB in the PPM format, one behind the other. */
function portablePixmaps(bytes: Buffer): RgbImage[] {
  const pictures: RgbImage[] = []
  for (let at = 0; at < bytes.length; ) {
    const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', at, at + 64))
    if (!head) break
    const [width, height] = [Number(head[1]), Number(head[2])]
    const start = at + head[0].length
    at = start + width * height * 3
    if (at > bytes.length) break
    pictures.push({ width, height, data: new Uint8Array(bytes.subarray(start, at)) })
  }
  return pictures
}

function damaged(path: string, reason: string): ImageError {
  const said = reason.replaceAll(`file:${resolve(path)}: `, '').slice(0, REASON)
  return new ImageError(`${path}: damaged or no video (${said || 'ffmpeg does not say why'})`, {
    hint: 'Replace the file by an intact copy, or remove it.',
  })
}

interface Called {
  readonly code: number
  readonly out: Buffer
  /** The last line of what it said on standard error. */
  readonly reason: string
}

/** @param given what it reads from standard input */
function called(tool: string, options: readonly string[], given?: Buffer): Promise<Called> {
  return new Promise((done, fail) => {
    const child = spawn(tool, options, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true })
    // What ends early does not read to the end; its exit code says so.
    child.stdin.on('error', () => {})
    child.stdin.end(given)
    const out: Buffer[] = []
    const said: Buffer[] = []
    let bytes = 0
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > MOST_BYTES) child.kill()
      else out.push(part)
    })
    child.stderr.on('data', (part: Buffer) => {
      if (said.length < 64) said.push(part)
    })
    child.on('error', (cause: NodeJS.ErrnoException) => {
      fail(cause.code === 'ENOENT' ? missing(tool, cause) : cause)
    })
    child.on('close', (code) => {
      const lines = Buffer.concat(said).toString().trim().split('\n')
      done({ code: code ?? 1, out: Buffer.concat(out), reason: lines.at(-1)!.trim() })
    })
  })
}

function missing(tool: string, cause: Error): MissingToolError {
  return new MissingToolError(`videos are decoded by ${tool}, which is not on the path`, {
    cause,
    hint: `Install it (${installs[process.platform] ?? 'sudo apt-get install ffmpeg'}), or give each clip as a folder of frames.`,
  })
}
