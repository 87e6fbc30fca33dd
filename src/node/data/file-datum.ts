import type { Dataset, Datum, ImageFile, Part } from '../../core/data/dataset.js'
import type { RgbImage } from '../../core/image/resize.js'
import { decodeImage, readImageFile } from './decode.js'
import type { ImageFolder } from './image-folder.js'
import type { Reading } from './reading.js'

/** Lets the files of a data set be read otherwise than its reader has them. */
export function readAs({ train, val, test }: Pick<Dataset, Part>, reading: Reading): void {
  for (const part of [train, val, test]) {
    for (const datum of part) if (datum instanceof FileDatum) datum.folder.reading = reading
  }
}

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
    return this.decode(this.source)
  }

  /** The same in two steps. */
  get file(): ImageFile {
    const { folder, name, source } = this
    const { key } = folder.reading
    return {
      ...(key === undefined ? {} : { reading: key }),
      async read() {
        await folder.check(name)
        return readImageFile(source)
      },
      decode: (bytes) => this.decode(bytes),
    }
  }

  private decode(content: string | Uint8Array): Promise<RgbImage> {
    const { exif, deepGrey, onRemark } = this.folder.reading
    const { source } = this
    return decodeImage(content, {
      name: source,
      ...(exif ? { exif } : {}),
      ...(deepGrey ? { deepGrey } : {}),
      ...(onRemark ? { onRemark: (remark: string) => onRemark(source, remark) } : {}),
    })
  }
}
