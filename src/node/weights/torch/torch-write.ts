import { zipSync } from 'fflate'
import type { HostTensor } from '../../../core/graph/index.js'
import { contiguousStrides } from '../../../core/weights/tensor-entry.js'
import { writeFileAtomic } from '../../files/atomic.js'
import {
  pickleCall,
  pickleDict,
  pickleFalse,
  pickleGlobal,
  pickleInteger,
  pickleNone,
  pickleOf,
  pickleOrderedDict,
  picklePersistent,
  pickleText,
  pickleTuple,
} from '../pickle/pickle-write.js'

/** What is written beside the state dict of a checkpoint. */
export interface TorchCheckpoint {
  readonly stateDict: ReadonlyMap<string, HostTensor>
  /** 1-based. */
  readonly epoch: number
}

/** Root folder of the records in the archive. */
const ROOT = 'archive'

/** All records carry one date, so that equal contents are equal files. */
const DATE = new Date(1980, 0, 1)

/**
 * Writes a checkpoint as `torch.save` does (a zip archive of a pickle and one record a storage), atomically. It holds
 * `state_dict`, `epoch`, and None for `optimizer`, `scheduler` and `val_result`; only types that
 * `torch.load(weights_only=True)` accepts occur.
 */
export async function writeTorchCheckpoint(
  path: string,
  { stateDict, epoch }: TorchCheckpoint,
): Promise<void> {
  const tensors = [...stateDict]
  const pickle = pickleOf(
    pickleDict([
      [
        'state_dict',
        pickleOrderedDict(tensors.map(([name, tensor], i) => [name, pickleTensor(tensor, String(i))])),
      ],
      ['epoch', pickleInteger(epoch)],
      ['optimizer', pickleNone],
      ['scheduler', pickleNone],
      ['val_result', pickleNone],
    ]),
  )
  const records = Object.fromEntries([
    [`${ROOT}/data.pkl`, pickle],
    [`${ROOT}/byteorder`, Buffer.from('little')],
    ...tensors.map(([, { data }], i) => [`${ROOT}/data/${i}`, littleEndian(data)]),
    [`${ROOT}/version`, Buffer.from('3\n')],
  ]) as Record<string, Uint8Array>
  // Records are stored, not compressed: PyTorch maps them as they are.
  await writeFileAtomic(path, zipSync(records, { level: 0, mtime: DATE }))
}

/** A contiguous float32 tensor whose elements are the storage of that key. */
function pickleTensor({ shape, data }: HostTensor, key: string): Buffer {
  const storage = pickleTuple(
    pickleText('storage'),
    pickleGlobal('torch', 'FloatStorage'),
    pickleText(key),
    pickleText('cpu'),
    pickleInteger(data.length),
  )
  const integers = (values: readonly number[]) => pickleTuple(...values.map(pickleInteger))
  return pickleCall(
    pickleGlobal('torch._utils', '_rebuild_tensor_v2'),
    picklePersistent(storage),
    pickleInteger(0),
    integers(shape),
    integers(contiguousStrides(shape)),
    pickleFalse,
    pickleCall(pickleGlobal('collections', 'OrderedDict')),
  )
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, 4 * i)
  return bytes
}
