import { WeightsError } from '../../../core/errors.js'
import { type ByteSource, readBytes } from '../../../core/weights/byte-source.js'
import { itemSize } from '../../../core/weights/dtype.js'
import { storageAt } from '../../../core/weights/tensor-storage.js'
import { PickleTruncatedError, pickleLimits, unpickle } from '../pickle/pickle.js'
import { PickleProblem, storageOf } from '../pickle/pickle-globals.js'
import type { PickleValue, TorchStorage } from '../pickle/pickle-values.js'
import type { TorchArchive } from './torch-content.js'

/** The first pickle of a file that `torch.save` wrote before version 1.6 (or later, when asked to). */
export const legacyMagic = [
  0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
]

const protocolVersion = 1001
const maxPickleBytes = 2 ** 26

/**
 * Reads PyTorch's format before zip archives: pickles of a magic number, the protocol, the machine, the value and the
 * list of storage keys, and then each storage as its length (8 bytes) and its elements.
 *
 * @throws WeightsError when the file is truncated, of another layout, or its pickle is not plain data
 */
export async function openTorchLegacy(source: ByteSource): Promise<TorchArchive> {
  const storages = new Map<string, TorchStorage>()
  const persistent = (id: PickleValue) => {
    const storage = storageOf(id)
    const known = storages.get(storage.key)
    if (known && (known.dtype !== storage.dtype || known.stored !== storage.stored)) {
      throw new PickleProblem(`describes the storage "${storage.key}" in two ways`)
    }
    storages.set(storage.key, storage)
    return storage
  }
  const { values, end } = await readPickles(source, persistent)
  const [, protocol, system, root, keys] = values as [
    PickleValue,
    PickleValue,
    PickleValue,
    PickleValue,
    PickleValue,
  ]
  if (protocol !== protocolVersion) {
    throw new WeightsError(`${source.name}: not of protocol ${protocolVersion}, the only one PyTorch wrote`)
  }
  if (system instanceof Map && system.get('little_endian') === false) {
    throw new WeightsError(`${source.name}: written in big-endian byte order, expected little-endian`)
  }
  const positions = await locateStorages(source, end, keys, storages)
  return {
    root,
    storage(storage) {
      const start = positions.get(storage.key)
      if (start === undefined)
        throw new WeightsError(`${source.name}: the storage "${storage.key}" is missing`)
      return storageAt(source, start + storage.offset * itemSize[storage.dtype])
    },
  }
}

/** The five pickles. Their length is not stated, so ever more of the file is read until they are complete. */
async function readPickles(source: ByteSource, persistent: (id: PickleValue) => PickleValue) {
  for (let length = 2 ** 20; ; length *= 8) {
    const bytes = await readBytes(source, 0, Math.min(length, source.size, maxPickleBytes))
    try {
      const values: PickleValue[] = []
      let end = 0
      let { containers } = pickleLimits
      while (values.length < 5) {
        const pickle = unpickle(bytes, { name: source.name, start: end, persistent, containers })
        values.push(pickle.value)
        end = pickle.end
        containers -= pickle.containers
      }
      return { values, end }
    } catch (error) {
      if (!(error instanceof PickleTruncatedError) || bytes.length < length) throw error
    }
  }
}

/** Position of the first element of each storage; their lengths and the file's must agree with the pickle. */
async function locateStorages(
  source: ByteSource,
  start: number,
  keys: PickleValue,
  storages: ReadonlyMap<string, TorchStorage>,
): Promise<Map<string, number>> {
  if (!Array.isArray(keys)) throw new WeightsError(`${source.name}: has no list of storages`)
  const positions = new Map<string, number>()
  let position = start
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined
    if (!storage || positions.has(storage.key)) {
      throw new WeightsError(`${source.name}: lists a storage twice or one that no tensor uses`)
    }
    const prefix = await readBytes(source, position, 8)
    const length = new DataView(prefix.buffer).getBigInt64(0, true)
    const expected = storage.stored
    if (length !== BigInt(expected)) {
      throw new WeightsError(
        `${source.name}: the storage "${storage.key}" has ${length} elements, expected ${expected}`,
      )
    }
    positions.set(storage.key, position + 8)
    position += 8 + expected * itemSize[storage.dtype]
  }
  if (position !== source.size) {
    throw new WeightsError(`${source.name}: has ${source.size} bytes, its storages end at ${position}`, {
      hint: 'The file is truncated or damaged: copy or download it again.',
    })
  }
  return positions
}
