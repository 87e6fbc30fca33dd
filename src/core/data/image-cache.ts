import type { RgbImage } from '../image/resize.js'
import type { Datum } from './dataset.js'

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
  async load(datum: Datum): Promise<RgbImage> {
    const cached = this.images.get(datum.source)
    if (cached !== undefined) return cached
    const image = await datum.load()
    if (!this.images.has(datum.source) && this.used + image.data.byteLength <= this.maxBytes) {
      this.images.set(datum.source, image)
      this.used += image.data.byteLength
    }
    return image
  }
}
