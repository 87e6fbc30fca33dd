import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { Readable } from 'node:stream'
import { Zip, ZipDeflate, ZipPassThrough } from 'fflate'

/** What a run has beside what it is used by: it is only there to go on with it. */
const ONLY_TO_GO_ON = /^checkpoints\/|(^|\/)\.|^lock$/

/**
 * A folder as a ZIP file with one folder of that name, made while it is read: of a run, what `promptsrc predict` and the others
 * take once it is unpacked.
 */
export async function archiveOf(folder: string, name: string): Promise<ReadableStream<Uint8Array>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
    )
    .filter((path) => !ONLY_TO_GO_ON.test(path))
  return Readable.toWeb(Readable.from(zipped(folder, name, files))) as ReadableStream<Uint8Array>
}

async function* zipped(folder: string, name: string, files: readonly string[]): AsyncGenerator<Uint8Array> {
  let failure: Error | undefined
  const made: Uint8Array[] = []
  const zip = new Zip((error, part) => {
    if (error) failure = error
    else made.push(part)
  })
  const taken = () => {
    if (failure) throw failure
    return made.splice(0)
  }
  for (const file of files) {
    // Weights do not shrink.
    const Entry = /\.(safetensors|onnx)$/.test(file) ? ZipPassThrough : ZipDeflate
    const entry = new Entry(`${name}/${file}`)
    zip.add(entry)
    for await (const part of createReadStream(join(folder, file))) {
      entry.push(new Uint8Array(part as Buffer))
      yield* taken()
    }
    entry.push(new Uint8Array(0), true)
    yield* taken()
  }
  zip.end()
  yield* taken()
}
