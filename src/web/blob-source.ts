import { WeightsError } from '../core/errors.js'
import { type ByteSource, tooShort } from '../core/weights/byte-source.js'

/**
 * The bytes of a blob or of a file that was chosen in the page, read as they are needed.
 *
 * @param name what to call the bytes in messages. Default: the name of the file
 */
export function blobSource(blob: Blob, name: string = blob instanceof File ? blob.name : 'blob'): ByteSource {
  return {
    name,
    size: blob.size,
    async readInto(target, position) {
      const end = position + target.length
      if (!(position >= 0 && end <= blob.size)) throw tooShort(name)
      const bytes = await blob
        .slice(position, end)
        .arrayBuffer()
        .catch((cause: Error) => {
          throw new WeightsError(`${name}: cannot be read (${cause.message})`, {
            cause,
            hint: 'The file was moved or changed after it was chosen: choose it again.',
          })
        })
      target.set(new Uint8Array(bytes))
    },
    async close() {},
  }
}
