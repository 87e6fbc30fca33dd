import { WeightsError } from '../../../core/errors.js'
import type { ByteSource } from '../../../core/weights/byte-source.js'
import { itemSize } from '../../../core/weights/dtype.js'
import { storageAt, type TensorStorage } from '../../../core/weights/tensor-storage.js'
import { unpickle } from '../pickle/pickle.js'
import { storageOf } from '../pickle/pickle-globals.js'
import type { TorchStorage } from '../pickle/pickle-values.js'
import { openZip } from '../zip/zip-archive.js'
import type { ZipRecord } from '../zip/zip-record.js'
import type { TorchArchive } from './torch-content.js'

/** The largest pickle that is read; one of a large model has about a megabyte. */
const maxPickleBytes = 2 ** 26

/**
 * Reads the pickle of a zip archive as PyTorch writes them since version 1.6: `torch.save` and, with modules instead of
 * dictionaries, TorchScript. Storages are the records `data/<key>` beside it.
 *
 * @throws WeightsError when the archive is damaged, not PyTorch's, or its pickle is not plain data
 */
export async function openTorchZip(source: ByteSource): Promise<TorchArchive> {
  const records = await openZip(source)
  const pickles = [...records.keys()].filter((path) => /^[^/]+\/data\.pkl$/.test(path))
  const [path] = pickles
  if (path === undefined || pickles.length > 1) {
    throw new WeightsError(
      `${source.name}: a zip archive with ${pickles.length} records named data.pkl, expected one as PyTorch writes it`,
    )
  }
  const prefix = path.slice(0, -'data.pkl'.length)
  await checkByteOrder(records.get(`${prefix}byteorder`), source.name)

  const record = records.get(path) as ZipRecord
  if (record.size > maxPickleBytes) {
    throw new WeightsError(
      `${source.name}: its pickle has ${record.size} bytes, at most ${maxPickleBytes} are read`,
    )
  }
  const { value: root } = unpickle(await readRecord(record), {
    name: source.name,
    persistent: storageOf,
    scriptModules: records.has(`${prefix}constants.pkl`),
  })
  return {
    root,
    storage: (storage) => storageRecord(storage, records.get(`${prefix}data/${storage.key}`), source.name),
  }
}

function storageRecord(storage: TorchStorage, record: ZipRecord | undefined, name: string): TensorStorage {
  if (!record) throw new WeightsError(`${name}: the storage "${storage.key}" is missing`)
  const size = itemSize[storage.dtype]
  const expected = storage.stored * size
  if (record.size !== expected) {
    throw new WeightsError(
      `${name}: the storage "${storage.key}" has ${record.size} bytes, its ${storage.stored} elements of ${storage.dtype} need ${expected}`,
    )
  }
  return storage.offset === 0 ? record : storageAt(record, storage.offset * size)
}

async function checkByteOrder(record: ZipRecord | undefined, name: string): Promise<void> {
  if (!record) return
  const order = record.size > 16 ? '?' : new TextDecoder().decode(await readRecord(record))
  if (order !== 'little')
    throw new WeightsError(`${name}: written in byte order "${order}", expected "little"`)
}

async function readRecord(record: ZipRecord): Promise<Uint8Array> {
  const bytes = new Uint8Array(record.size)
  await record.readInto(bytes, 0)
  return bytes
}
