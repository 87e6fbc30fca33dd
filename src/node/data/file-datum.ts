import type { Datum, ImageFile } from '../../core/data/dataset.js'
import type { RgbImage } from '../../core/image/resize.js'
import { decodeImage, readImageFile } from './decode.js'
import type { ImageFolder } from './image-folder.js'

/** An image file with its label. Three fields and no closure: ImageNet has 1.28 million of them. */
export class FileDatum implements Datum {
  constructor(
    readonly folder: ImageFolder,
    /** Path below the folder. */
    readonly name: string,
    readonly label: number,
  ) {}

  get source(): string {
    return this.folder.pathOf(this.name)
  }

  /** @throws DataError when the file leads out of the data set, ImageError when it cannot be decoded */
  async load(): Promise<RgbImage> {
    await this.folder.check(this.name)
    return decodeImage(this.source)
  }

  /** The same in two steps. */
  get file(): ImageFile {
    const { folder, name, source } = this
    return {
      async read() {
        await folder.check(name)
        return readImageFile(source)
      },
      decode: (bytes) => decodeImage(bytes, { name: source }),
    }
  }
}
