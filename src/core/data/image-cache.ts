import type { RgbImage } from '../image/resize.js'
import type { Datum, FrameSource } from './dataset.js'

/**
 * Decoded images by source, up to a number of bytes. What fits stays for good and nothing is evicted: every epoch
 * visits every image once, so replacing entries could not raise the share of hits.
 */
export class ImageCache {
  private readonly images = new Map<string, RgbImage>()
  private used = 0

  constructor(readonly maxBytes: number) {}

  /** Bytes of pixels held. */
  get bytes(): number {
    return this.used
  }

  /** The decoded image; shared, so not to be written to. */
  async load(datum: Pick<Datum, 'source' | 'load'>): Promise<RgbImage> {
    const cached = this.images.get(datum.source)
    if (cached !== undefined) return cached
    const image = await datum.load()
    this.keep(datum.source, image)
    return image
  }

  /** Frames of a clip, see {@link FrameSource}; those that are not held are decoded together. */
  async frames(source: string, clip: FrameSource, places: readonly number[]): Promise<RgbImage[]> {
    const key = (place: number) => `${source}#${place}`
    const missing = [...new Set(places.filter((place) => !this.images.has(key(place))))]
    const loaded = missing.length > 0 ? await clip.load(missing) : []
    const fresh = new Map(missing.map((place, i) => [place, loaded[i]!]))
    for (const [place, image] of fresh) this.keep(key(place), image)
    return places.map((place) => fresh.get(place) ?? this.images.get(key(place))!)
  }

  private keep(key: string, image: RgbImage): void {
    if (this.images.has(key) || this.used + image.data.byteLength > this.maxBytes) return
    this.images.set(key, image)
    this.used += image.data.byteLength
  }
}
