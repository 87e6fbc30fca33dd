import { WeightsError } from '../../core/errors.js'
import { type ByteSource, readBytes } from '../../core/weights/byte-source.js'
import { safetensorsOf } from '../../core/weights/safetensors.js'
import type { StateDict } from '../../core/weights/state-dict.js'
import { fileSource } from './file-source.js'
import { isLegacyTorch, isZip, torchFileOf } from './torch/torch.js'

/**
 * Opens one weight file of any kind, told by its content, not by its name: safetensors or PyTorch (all formats).
 * Tensors are read when asked for. Close it after use.
 *
 * @throws WeightsError when the file is missing, damaged or of no known kind
 */
export async function openWeightFile(path: string): Promise<StateDict> {
  const source = await fileSource(path)
  try {
    return await openSource(source, await readBytes(source, 0, Math.min(64, source.size)))
  } catch (error) {
    await source.close()
    throw error
  }
}

async function openSource(source: ByteSource, start: Uint8Array): Promise<StateDict> {
  if (isZip(start) || isLegacyTorch(start)) return torchFileOf(source)
  if (start[8] === 0x7b) return safetensorsOf(source)
  throw unknownKind(source, start)
}

/** What people have instead of the file they meant. */
function unknownKind(source: ByteSource, start: Uint8Array): WeightsError {
  const text = new TextDecoder().decode(start)
  const isPointer = text.startsWith('version https://git-lfs')
  const isGzip = start[0] === 0x1f && start[1] === 0x8b
  const [found, hint] =
    source.size === 0
      ? ['an empty file', 'Copy or download it again.']
      : isPointer
        ? ['a Git LFS pointer', 'Run `git lfs pull` in its repository to get the file itself.']
        : isGzip
          ? ['a gzip file', 'Decompress it first.']
          : /^\s*</.test(text)
            ? ['a web page', 'The download went to a login or error page: download the file itself.']
            : ['of no known kind', 'Truncated files look like this too: copy or download it again.']
  return new WeightsError(`${source.name}: ${found}, expected safetensors or a file that PyTorch wrote`, {
    hint,
  })
}
