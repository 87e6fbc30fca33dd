import { z } from 'zod'
import type { Clip } from '../clip/clip.js'
import { WeightsError } from '../errors.js'
import type { Learned } from '../evaluate/classifier.js'
import { methodNamed } from '../methods/registry.js'
import { openSafetensors, writeSafetensors } from '../weights/safetensors.js'

/** Learned prompts with what is needed to use them again. CLIP itself is named, not copied. */
export interface TrainedPrompts extends Learned {
  /** Classes they were trained on. */
  readonly classNames: readonly string[]
  readonly model: { readonly name: string; readonly sha256: string }
}

const FORMAT = 'promptsrc-prompts-1'

const metadataSchema = z.object({
  format: z.literal(FORMAT),
  method: z.string(),
  methodOptions: z.string().transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
  classNames: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  model: z.string(),
  modelSha256: z.string(),
})

/** Writes learned prompts as safetensors, atomically. Tensor names and layouts are the reference's. */
export async function savePrompts(path: string, prompts: TrainedPrompts, clip: Clip): Promise<void> {
  const { method, methodOptions, parameters, classNames, model } = prompts
  const specs = method.parameters(methodOptions, clip)
  const tensors = new Map(specs.map(({ name, shape }) => [name, { shape, data: parameters.get(name)! }]))
  await writeSafetensors(path, tensors, {
    format: FORMAT,
    method: method.name,
    methodOptions: JSON.stringify(methodOptions),
    classNames: JSON.stringify(classNames),
    model: model.name,
    modelSha256: model.sha256,
  })
}

/** Reads what {@link savePrompts} wrote. Throws WeightsError when it is damaged or something else. */
export async function loadPrompts(path: string): Promise<TrainedPrompts> {
  const file = await openSafetensors(path)
  try {
    const parsed = metadataSchema.safeParse(file.metadata)
    if (!parsed.success) {
      throw new WeightsError(`${path} holds no prompts of this program`, {
        hint: 'Name a run directory made by `promptsrc train`, or its prompts.safetensors.',
      })
    }
    const { method: name, methodOptions, classNames, model, modelSha256 } = parsed.data
    const method = methodNamed(name)
    const parameters = new Map<string, Float32Array>()
    for (const [key, entry] of file.entries) parameters.set(key, await entry.read())
    return {
      method,
      methodOptions: method.options.parse(methodOptions),
      parameters,
      classNames,
      model: { name: model, sha256: modelSha256 },
    }
  } finally {
    await file.close()
  }
}
