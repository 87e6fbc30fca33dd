import type { TensorStorage } from '../../../core/weights/tensor-storage.js'
import type { PickleValue, TorchStorage } from '../pickle/pickle-values.js'

/** A file that `torch.save` or `torch.jit.save` wrote: one pickled value and the storages of its tensors. */
export interface TorchArchive {
  readonly root: PickleValue
  /** The bytes of a storage. Throws WeightsError when the file has none or they are of another size. */
  storage(storage: TorchStorage): TensorStorage
}
