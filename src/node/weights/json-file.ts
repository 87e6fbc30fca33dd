import { WeightsError } from '../../core/errors.js'
import { readBytes } from '../../core/weights/byte-source.js'
import { parseJson } from '../../core/weights/parse-json.js'
import { fileSource } from './file-source.js'

const maxBytes = 2 ** 24

/**
 * Reads a JSON file beside weights.
 *
 * @throws WeightsError when the file is missing, larger than 16 MiB, not JSON, or has keys that reach prototypes
 */
export async function readJsonFile(path: string): Promise<unknown> {
  const source = await fileSource(path)
  try {
    if (source.size > maxBytes) {
      throw new WeightsError(`${path}: has ${source.size} bytes, expected a JSON file of at most ${maxBytes}`)
    }
    const text = new TextDecoder().decode(await readBytes(source, 0, source.size))
    return parseJson(path, text)
  } finally {
    await source.close()
  }
}
