import * as z from 'zod'
import { WeightsError } from '../errors.js'
import { sha256 } from '../hash.js'
import type { ParameterSpec } from '../methods/method.js'
import { fitsShape } from '../methods/parameter-shape.js'
import type { TrainerState } from '../train/trainer.js'
import { encodeSafetensors, type SafetensorsFile, type TensorData } from '../weights/safetensors.js'

const FORMAT = 'promptsrc-checkpoint-2'
/** Its hash covers the tensors alone. */
const FORMAT_OF_0_1 = 'promptsrc-checkpoint-1'
const PARAMETER = 'parameter.'
const OPTIMIZER = 'optimizer.'
const AGGREGATE = 'aggregate.'

const wholeNumber = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/)
  .transform(Number)
const metadataSchema = z.object({
  format: z.enum([FORMAT, FORMAT_OF_0_1]),
  epoch: wholeNumber,
  step: wholeNumber,
  aggregation: z.enum(['gaussian', 'none']),
  sha256: z.string(),
})

/**
 * A trainer's state between two epochs as a safetensors file: parameters, optimizer buffers and the running Gaussian
 * aggregate. Random numbers need no state: streams are named by seed, epoch and image.
 */
export async function encodeCheckpoint(
  state: TrainerState,
  specs: readonly ParameterSpec[],
): Promise<Uint8Array> {
  const tensors = new Map<string, TensorData>()
  const shapeOf = new Map(specs.map(({ name, shape }) => [name, [...shape]]))
  for (const [name, data] of state.parameters)
    tensors.set(PARAMETER + name, { shape: shapeOf.get(name)!, data })
  for (const [name, data] of state.optimizer.buffers)
    tensors.set(OPTIMIZER + name, { shape: [data.length], data })
  for (const [name, data] of state.aggregation?.sum ?? []) {
    tensors.set(AGGREGATE + name, { shape: shapeOf.get(name)!, data })
  }
  const metadata = {
    format: FORMAT,
    epoch: `${state.epoch}`,
    step: `${state.optimizer.step}`,
    aggregation: state.aggregation ? 'gaussian' : 'none',
  }
  return encodeSafetensors(tensors, { ...metadata, sha256: await digest(tensors, Object.values(metadata)) })
}

/**
 * Reads what {@link encodeCheckpoint}, or version 0.1, wrote, and closes the file.
 *
 * @param named the epoch that the file is named for
 * @throws WeightsError when the file is damaged, named for another epoch or of another method
 */
export async function readCheckpoint(
  file: SafetensorsFile,
  named: number,
  specs: readonly ParameterSpec[],
): Promise<TrainerState> {
  const path = file.source
  try {
    const parsed = metadataSchema.safeParse(file.metadata)
    if (!parsed.success) throw new WeightsError(`${path} is not a checkpoint of this program, or damaged`)
    const { epoch, step, aggregation, sha256, format } = parsed.data
    const tensors = new Map<string, TensorData>()
    for (const [name, entry] of file.entries) {
      tensors.set(name, { shape: entry.shape, data: await entry.read() })
    }
    const written = [format, epoch, step, aggregation].map(String)
    if ((await digest(tensors, format === FORMAT ? written : [])) !== sha256) {
      throw new WeightsError(`${path} is damaged: its values do not have the checksum they were written with`)
    }
    if (epoch !== named) {
      throw new WeightsError(`${path} is damaged or renamed: it was written after epoch ${epoch}`)
    }
    const group = (prefix: string) =>
      new Map(
        [...tensors].flatMap(([name, { data }]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), data as Float32Array] as const] : [],
        ),
      )
    const parameters = group(PARAMETER)
    for (const spec of specs) {
      const { name, shape } = spec
      const found = file.entries.get(PARAMETER + name)?.shape
      if (!fitsShape(spec, found)) {
        throw new WeightsError(`${path}: ${name} has shape [${found ?? 'none'}]; expected [${shape}]`, {
          hint: 'The checkpoint belongs to other settings; choose another run directory.',
        })
      }
    }
    const sum = group(AGGREGATE)
    if (sum.size !== (aggregation === 'gaussian' ? specs.length : 0)) {
      throw new WeightsError(
        `${path} is damaged: it has ${sum.size} aggregates, with aggregation ${aggregation}`,
      )
    }
    return {
      epoch,
      parameters: new Map(specs.map(({ name }) => [name, parameters.get(name)!])),
      optimizer: { step, buffers: group(OPTIMIZER) },
      ...(aggregation === 'gaussian' ? { aggregation: { epoch, sum } } : {}),
    }
  } finally {
    await file.close()
  }
}

/**
 * SHA-256 over what says where training stands, names and values: a file of the right form may still hold a block that
 * never reached the disk.
 */
async function digest(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: readonly string[],
): Promise<string> {
  const text = new TextEncoder()
  const parts = metadata.map((value) => text.encode(`${value}\0`))
  for (const name of [...tensors.keys()].sort()) {
    const { buffer, byteOffset, byteLength } = tensors.get(name)!.data
    parts.push(text.encode(`${name}\0`), new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))
  }
  return sha256(parts)
}
