import { pickle, type TensorView } from './pickle-writer.js'
import { type ZipInput, zipOf } from './zip-writer.js'

/** Storages by key. */
export type Storages = Readonly<Record<string, Uint8Array>>

/** The records of a file as `torch.save` writes it. */
export function torchRecords(value: Uint8Array, storages: Storages): ZipInput[] {
  return [
    { path: 'model/data.pkl', data: pickle.of(value) },
    ...Object.entries(storages).map(([key, data]) => ({ path: `model/data/${key}`, data })),
    { path: 'model/version', data: Buffer.from('3\n') },
  ]
}

/** A file as `torch.save` writes it. */
export const torchFile = (value: Uint8Array, storages: Storages): Buffer =>
  zipOf(torchRecords(value, storages))

/** A pickled state dict of views. */
export const stateDict = (views: Readonly<Record<string, TensorView>>): Buffer =>
  pickle.dict(Object.entries(views).map(([name, view]) => [pickle.text(name), pickle.tensor(view)]))

/** Little-endian bytes of 0, 1, 2, … as float32. */
export const counting = (length: number): Uint8Array =>
  new Uint8Array(Float32Array.from({ length }, (_, i) => i).buffer)
