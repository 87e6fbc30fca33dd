import { createHash } from 'node:crypto'
import { WeightsError } from '../../core/errors.js'
import type { ParameterSpec } from '../../core/methods/method.js'
import type { TrainerState } from '../../core/train/trainer.js'
import type { TensorData } from '../../core/weights/safetensors.js'
import { openSafetensors, writeSafetensors } from '../weights/safetensors-file.js'

const FORMAT = 'promptsrc-checkpoint-1'
const PARAMETER = 'parameter.'
const OPTIMIZER = 'optimizer.'
const AGGREGATE = 'aggregate.'

/**
 * Writes a trainer's state between two epochs: parameters, optimizer buffers and the running Gaussian aggregate.
 * Random numbers need no state: streams are named by seed, epoch and image.
 */
export async function writeCheckpoint(
  path: string,
  state: TrainerState,
  specs: readonly ParameterSpec[],
): Promise<void> {
  const tensors = new Map<string, TensorData>()
  const shapeOf = new Map(specs.map(({ name, shape }) => [name, [...shape]]))
  for (const [name, data] of state.parameters)
    tensors.set(PARAMETER + name, { shape: shapeOf.get(name)!, data })
  for (const [name, data] of state.optimizer.buffers)
    tensors.set(OPTIMIZER + name, { shape: [data.length], data })
  for (const [name, data] of state.aggregation?.sum ?? []) {
    tensors.set(AGGREGATE + name, { shape: shapeOf.get(name)!, data })
  }
  await writeSafetensors(path, tensors, {
    format: FORMAT,
    epoch: `${state.epoch}`,
    step: `${state.optimizer.step}`,
    aggregation: state.aggregation ? 'gaussian' : 'none',
    sha256: digest(tensors),
  })
}

/** Reads what {@link writeCheckpoint} wrote. Throws WeightsError when the file is damaged or of another method. */
export async function readCheckpoint(path: string, specs: readonly ParameterSpec[]): Promise<TrainerState> {
  const file = await openSafetensors(path)
  try {
    const { format, epoch, step, aggregation, sha256 } = file.metadata
    if (format !== FORMAT) throw new WeightsError(`${path} is not a checkpoint of this program`)
    const tensors = new Map<string, TensorData>()
    for (const [name, entry] of file.entries) {
      tensors.set(name, { shape: entry.shape, data: await entry.read() })
    }
    if (digest(tensors) !== sha256) {
      throw new WeightsError(`${path} is damaged: its values do not have the checksum they were written with`)
    }
    const group = (prefix: string) =>
      new Map(
        [...tensors].flatMap(([name, { data }]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), data as Float32Array] as const] : [],
        ),
      )
    const parameters = group(PARAMETER)
    for (const { name, shape } of specs) {
      const found = file.entries.get(PARAMETER + name)?.shape
      if (found?.join() !== shape.join()) {
        throw new WeightsError(`${path}: ${name} has shape [${found ?? 'none'}]; expected [${shape}]`, {
          hint: 'The checkpoint belongs to other settings; choose another run directory.',
        })
      }
    }
    const sum = group(AGGREGATE)
    return {
      epoch: Number(epoch),
      parameters: new Map(specs.map(({ name }) => [name, parameters.get(name)!])),
      optimizer: { step: Number(step), buffers: group(OPTIMIZER) },
      ...(aggregation === 'gaussian' ? { aggregation: { epoch: Number(epoch), sum } } : {}),
    }
  } finally {
    await file.close()
  }
}

/** SHA-256 over names and values: a file of the right form may still hold a block that never reached the disk. */
function digest(tensors: ReadonlyMap<string, TensorData>): string {
  const hash = createHash('sha256')
  for (const name of [...tensors.keys()].sort()) {
    const { buffer, byteOffset, byteLength } = tensors.get(name)!.data
    hash.update(`${name}\0`).update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}
