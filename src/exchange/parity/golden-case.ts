import { dirname, join, resolve } from 'node:path'
import * as z from 'zod'
import { UserError } from '../../core/errors.js'
import { readRegularText } from '../../node/files/regular-file.js'

const caseSchema = z.looseObject({
  name: z.string(),
  method: z.string(),
  /** So many stored images that follow each other are the frames of a clip, which has the label of its first. */
  frames: z.int().min(1).optional(),
  class_names: z.array(z.string()),
  dataset_name: z.string().nullish(),
  trainer_config: z.record(z.string(), z.unknown()).nullish(),
  optim_config: z
    .looseObject({
      LR: z.number(),
      WEIGHT_DECAY: z.number(),
      MOMENTUM: z.number(),
      SGD_DAMPNING: z.number(),
      SGD_NESTEROV: z.boolean(),
      LR_SCHEDULER: z.literal('cosine'),
      MAX_EPOCH: z.int(),
      WARMUP_EPOCH: z.int(),
      WARMUP_TYPE: z.enum(['constant', 'linear']),
      WARMUP_CONS_LR: z.number(),
      WARMUP_MIN_LR: z.number(),
      WARMUP_RECOUNT: z.boolean(),
    })
    .nullish(),
  results: z.looseObject({
    templates: z.array(z.string()).optional(),
    steps: z.array(z.looseObject({ loss: z.number(), loss_fp64: z.number(), lr: z.number() })).optional(),
    test: z
      .looseObject({ accuracy: z.number(), macro_f1: z.number(), perclass_accuracy: z.number() })
      .optional(),
    accuracy_stable: z.boolean().optional(),
    step0: z.record(z.string(), z.number()).optional(),
    step0_fp64: z.record(z.string(), z.number()).optional(),
    gpa_weights: z.array(z.number()).optional(),
    lr_after_training: z.number().optional(),
  }),
  tensors_file: z.string(),
  data_file: z.string(),
  clip_file: z.string(),
  tensors: z.record(
    z.string(),
    z.looseObject({ shape: z.array(z.int()), dtype: z.string(), suggested_atol: z.number().nullish() }),
  ),
})

/** A golden case: what its JSON says, with files resolved to paths. */
export interface GoldenCase extends z.infer<typeof caseSchema> {
  readonly files: { readonly tensors: string; readonly data: string; readonly clip: string }
}

/** Reads a case's JSON. Its files resolve against the parent of the folder it lies in. Throws UserError when it is none. */
export async function readGoldenCase(path: string): Promise<GoldenCase> {
  const text = await readRegularText(path).catch((cause: unknown) => {
    throw new UserError(`${path} cannot be read`, {
      cause,
      hint: 'Name a case, a folder of cases or a golden root.',
    })
  })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new UserError(`${path} is not JSON`, { cause })
  }
  const parsed = caseSchema.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new UserError(`${path} is not a golden case: ${issue.path.join('.')}: ${issue.message}`)
  }
  const root = dirname(dirname(resolve(path)))
  const { tensors_file, data_file, clip_file } = parsed.data
  return {
    ...parsed.data,
    files: { tensors: join(root, tensors_file), data: join(root, data_file), clip: join(root, clip_file) },
  }
}
