import { ImageError } from '../errors.js'
import type { RgbImage } from '../image/resize.js'
import type { FrameSource } from './dataset.js'
import type { ImageCache } from './image-cache.js'

/** What can be shown to a model: a picture, or a clip. */
export interface Pictured {
  /** Path, or a name for messages and keys. */
  readonly source: string
  /** The picture; of a clip its middle frame. */
  load(): Promise<RgbImage>
  readonly clip?: FrameSource | undefined
}

/**
 * Frames of a clip, one of each of `frames` equal segments (Wang et al., "Temporal Segment Networks", 2016): place
 * floor((i + u) count / frames) of segment i. A clip with fewer frames than segments repeats some.
 *
 * @param count frames of the clip
 * @param within u, 0 to below 1, where in segment i; 1/2 is its middle
 */
export const segmentPlaces = (count: number, frames: number, within: (segment: number) => number): number[] =>
  Array.from({ length: frames }, (_, i) =>
    Math.min(count - 1, Math.floor(((i + within(i)) * count) / frames)),
  )

/** The middle of every segment: how clips are tested. */
export const middle = (): number => 0.5

/**
 * So many frames of a clip in their order. A picture is a clip that stands still.
 *
 * @param within see {@link segmentPlaces}
 * @throws ImageError for a clip that is damaged, empty or of a single frame
 */
export async function sampledFrames(
  item: Pictured,
  frames: number,
  within: (segment: number) => number,
  cache?: ImageCache,
): Promise<readonly RgbImage[]> {
  const { clip, source } = item
  if (!clip) {
    const still = await (cache ? cache.load(item) : item.load())
    return Array.from({ length: frames }, () => still)
  }
  const count = await clip.count()
  if (count < 2 && frames > 1) {
    throw new ImageError(`${source}: a clip of ${count} frame; expected 2 or more`, {
      hint: 'Remove it, or replace it by one that moves.',
    })
  }
  const places = segmentPlaces(count, frames, within)
  return cache ? cache.frames(source, clip, places) : clip.load(places)
}

/**
 * Pixels of pictures one behind the other: [pictures, size, size, 3].
 *
 * @param pixels makes those of one; a picture that comes again is not made again
 */
export async function inOrder(
  pictures: readonly RgbImage[],
  pixels: (picture: RgbImage) => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array> {
  const made = new Map<RgbImage, Uint8Array>()
  for (const picture of pictures) if (!made.has(picture)) made.set(picture, await pixels(picture))
  const { length } = made.get(pictures[0]!)!
  const all = new Uint8Array(pictures.length * length)
  for (const [i, picture] of pictures.entries()) all.set(made.get(picture)!, i * length)
  return all
}
