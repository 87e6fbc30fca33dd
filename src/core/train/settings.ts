import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { ConfigError } from '../errors.js'
import type { Method } from '../methods/method.js'
import type { Regulators } from '../methods/promptsrc.js'
import { methodNamed } from '../methods/registry.js'
import { nearestNames } from '../suggest.js'
import type { Decay, ScheduleConfig } from './schedule.js'

/** Bounds beyond what anybody trains, so that a slip of the keys fails before memory does. */
const MOST_EPOCHS = 1e6
const MOST_IMAGES = 1e5

/** Everything that decides how a run trains, as it is written into the run's config. Defaults are a method's own. */
const schema = z.strictObject({
  method: z.string().default('promptsrc'),
  methodOptions: z.record(z.string(), z.unknown()).default({}),
  classes: z.enum(['all', 'base', 'novel']).default('all'),
  /** 0 where no images are learned from. */
  shots: z.int().min(0).optional(),
  seed: z.int().min(0).default(1),
  epochs: z.int().min(1).max(MOST_EPOCHS).optional(),
  batchSize: z.int().min(1).max(MOST_IMAGES).optional(),
  learningRate: z.number().positive().optional(),
  momentum: z.number().min(0).max(1).default(0.9),
  weightDecay: z.number().min(0).default(5e-4),
  warmupEpochs: z.int().min(0).max(MOST_EPOCHS).default(1),
  warmup: z.enum(['constant', 'linear']).default('constant'),
  /** Of the whole warm-up where it is constant, of its first epoch where it is linear. */
  warmupLearningRate: z.number().min(0).default(1e-5),
  /** Whether the decay counts from the end of the warm-up. */
  warmupRecount: z.boolean().default(true),
  decay: z.enum(['cosine', 'single_step', 'multi_step']).default('cosine'),
  /** Milestones of `multi_step`; the last is the step size of `single_step`. */
  decayEpochs: z.array(z.int().min(1)).default([]),
  /** Factor of `single_step` and `multi_step`. */
  decayFactor: z.number().positive().default(0.1),
  /** Classes whose texts are encoded at once. Absent: all. A run that had to take fewer for lack of memory records it. */
  classesAtOnce: z.int().min(1).optional(),
  /** Augmented views of every image that the epochs go through in turn. Absent: each epoch has its own. */
  views: z.int().min(1).max(MOST_EPOCHS).optional(),
})

/** Settings as a caller gives them; what is left out takes its default. */
export type SettingsInput = z.input<typeof schema>

/** Settings with every default filled in. */
export type Settings = {
  readonly [K in Exclude<keyof z.output<typeof schema>, 'classesAtOnce' | 'views'>]-?: NonNullable<
    z.output<typeof schema>[K]
  >
} & { readonly classesAtOnce?: number | undefined; readonly views?: number | undefined }

/**
 * Fills in defaults: the method's published ones where it has them.
 *
 * Gaussian aggregation is placed relative to the published 20 epochs: with another number of epochs its default mean
 * is scaled, since a mean beyond the last epoch would pick that epoch alone, and so is its standard deviation with
 * more epochs; with fewer it stays, so that still some epochs are averaged.
 *
 * @param clip the model, whose towers limit prompt depths
 * @throws ConfigError naming the setting, what was given and what is accepted
 */
export function resolveSettings(input: SettingsInput, clip?: Clip): Settings {
  const settings = parsed(schema, input, 'setting')
  const method = methodNamed(settings.method)
  const { defaults } = method
  const ofTexts = method.learning === 'texts'
  if (settings.shots === 0 && !ofTexts) {
    throw new ConfigError('setting shots: found 0, expected at least 1', {
      hint: `${method.title} learns from images.`,
    })
  }
  // A solution in closed form needs one pass, whatever the number of epochs that others make.
  const epochs = method.learning === 'closed form' ? 1 : (settings.epochs ?? defaults.epochs)
  const methodOptions = parsed(
    method.options,
    { ...scaledAggregation(method, epochs), ...settings.methodOptions },
    `${method.name} option`,
    Object.keys(method.options.parse({})),
  )
  method.check?.(methodOptions)
  return {
    ...settings,
    methodOptions: clip ? fitDepths(method, methodOptions, clip) : methodOptions,
    // What learns from texts has no use for a number of images, whatever that of others is.
    shots: ofTexts ? 0 : (settings.shots ?? defaults.shots),
    epochs,
    batchSize: settings.batchSize ?? defaults.batchSize,
    learningRate: settings.learningRate ?? defaults.learningRate,
    warmupEpochs: input.warmupEpochs ?? defaults.warmupEpochs ?? settings.warmupEpochs,
    warmup: input.warmup ?? defaults.warmup ?? settings.warmup,
    warmupLearningRate:
      input.warmupLearningRate ?? defaults.warmupLearningRate ?? settings.warmupLearningRate,
  }
}

/**
 * A method's options with prompt depths within the model's towers: the default beyond them is lowered to the blocks
 * there are, any other depth is refused. (The reference code accepts it and trains fewer prompts than it was asked for.)
 */
function fitDepths<O extends Record<string, unknown>>(
  { name, depths = {}, options: schema }: Method,
  options: O,
  { config: { text }, imageTower, name: model }: Clip,
): O {
  const blocks = {
    text: text.layers,
    image: imageTower.promptBlocks || Number.POSITIVE_INFINITY,
  }
  const defaults: Record<string, unknown> = schema.parse({})
  const fitted: Record<string, unknown> = { ...options }
  for (const [key, towers] of Object.entries(depths)) {
    const tower = towers.reduce((a, b) => (blocks[b] < blocks[a] ? b : a))
    const depth = options[key] as number
    if (depth <= blocks[tower]) continue
    if (depth !== defaults[key]) {
      throw new ConfigError(
        `${name} option ${key}: found ${depth}, but the ${tower} tower of ${model} has ${blocks[tower]} blocks`,
        { hint: `Choose at most ${blocks[tower]}.` },
      )
    }
    fitted[key] = blocks[tower]
  }
  return fitted as O
}

/** The schedule of the settings. */
export function scheduleOf(settings: Settings): ScheduleConfig {
  const { learningRate, epochs, warmup, warmupEpochs, warmupLearningRate, warmupRecount } = settings
  const kind =
    warmup === 'constant'
      ? ({ type: warmup, lr: warmupLearningRate } as const)
      : ({ type: warmup, minLr: warmupLearningRate } as const)
  return {
    lr: learningRate,
    epochs,
    decay: decayOf(settings),
    warmup: { ...kind, epochs: warmupEpochs, recount: warmupRecount },
  }
}

function decayOf({ decay, decayEpochs, decayFactor: gamma, epochs }: Settings): Decay {
  if (decay === 'cosine') return { type: decay }
  if (decay === 'multi_step') return { type: decay, milestones: decayEpochs, gamma }
  return { type: decay, stepSize: decayEpochs.at(-1) ?? epochs, gamma }
}

function scaledAggregation(method: Method, epochs: number): Record<string, unknown> {
  const methodOptions = method.options.parse({})
  return scaledGaussian({ epochs: method.defaults.epochs, methodOptions }, epochs)
}

/**
 * The Gaussian of settings, moved to another number of epochs: its mean with the epochs, its standard deviation with
 * more of them. Empty where the settings have none, or the epochs stay.
 */
export function scaledGaussian(
  { epochs: from, methodOptions = {} }: Pick<SettingsInput, 'epochs' | 'methodOptions'>,
  epochs: number | undefined,
): Partial<Pick<Regulators, 'gpaMean' | 'gpaStd'>> {
  const { gpaMean, gpaStd } = methodOptions as Partial<Regulators>
  if (gpaMean === undefined || gpaStd === undefined) return {}
  if (from === undefined || epochs === undefined || epochs === from) return {}
  const scale = epochs / from
  return { gpaMean: gpaMean * scale, gpaStd: gpaStd * Math.max(1, scale) }
}

function parsed<T>(type: z.ZodType<T>, value: unknown, what: string, known: readonly string[] = []): T {
  const result = type.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const path = issue.path.join('.')
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys : undefined
  const nearest = unknown ? nearestNames(unknown[0]!, known) : []
  const suggestion = nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}? ` : ''
  throw new ConfigError(
    unknown
      ? `unknown ${what}: ${unknown.join(', ')}`
      : `${what} ${path}: ${problemOf(issue, valueAt(value, issue.path))}`,
    {
      hint:
        suggestion +
        'See `promptsrc train --help` for settings and `promptsrc methods` for the options of a method.',
    },
  )
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value)

const typeNames: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  string: 'a text',
}

/** What was found and what is expected, in words. */
function problemOf(issue: z.core.$ZodIssue, value: unknown): string {
  const expected = expectedBy(issue)
  return expected === undefined ? issue.message : `found ${JSON.stringify(value)}, expected ${expected}`
}

function expectedBy(issue: z.core.$ZodIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected]
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`
    default:
      return undefined
  }
}
