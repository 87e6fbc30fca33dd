import { WeightsError } from '../errors.js'
import type { ParameterSpec } from '../methods/method.js'
import { openSafetensors, type TensorData, writeSafetensors } from '../weights/safetensors.js'
import type { TrainerState } from './trainer.js'

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
  })
}

/** Reads what {@link writeCheckpoint} wrote. Throws WeightsError when the file is damaged or of another method. */
export async function readCheckpoint(path: string, specs: readonly ParameterSpec[]): Promise<TrainerState> {
  const file = await openSafetensors(path)
  try {
    const { format, epoch, step, aggregation } = file.metadata
    if (format !== FORMAT) throw new WeightsError(`${path} is not a checkpoint of this program`)
    const group = async (prefix: string) => {
      const found = new Map<string, Float32Array>()
      for (const [name, entry] of file.entries) {
        if (name.startsWith(prefix)) found.set(name.slice(prefix.length), await entry.read())
      }
      return found
    }
    const parameters = await group(PARAMETER)
    for (const { name, shape } of specs) {
      const found = file.entries.get(PARAMETER + name)?.shape
      if (found?.join() !== shape.join()) {
        throw new WeightsError(`${path}: ${name} has shape [${found ?? 'none'}]; expected [${shape}]`, {
          hint: 'The checkpoint belongs to other settings; choose another run directory.',
        })
      }
    }
    const sum = await group(AGGREGATE)
    return {
      epoch: Number(epoch),
      parameters: new Map(specs.map(({ name }) => [name, parameters.get(name)!])),
      optimizer: { step: Number(step), buffers: await group(OPTIMIZER) },
      ...(aggregation === 'gaussian' ? { aggregation: { epoch: Number(epoch), sum } } : {}),
    }
  } finally {
    await file.close()
  }
}
