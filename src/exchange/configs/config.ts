import { ConfigError } from '../../core/errors.js'
import { type ReferenceValue, referenceOptions } from '../../core/methods/reference.js'
import { nearestNames } from '../../core/suggest.js'
import type { SettingsInput } from '../../core/train/settings.js'
import { type CheckedValues, checkValues, type Problem } from './check-values.js'
import { publishedConfigs } from './published.js'
import { type GivenValues, readSources } from './sources.js'
import { type Trainer, trainers } from './trainers.js'

/** A configuration of the reference in terms of this library. */
export interface TrainConfig {
  /** Complete settings: what a file leaves out has the reference's default. */
  readonly settings: SettingsInput
  /** MODEL.BACKBONE.NAME, where it is set. */
  readonly model?: string
  /** Side of the images in pixels, which must be what the model takes. */
  readonly imageSize: number
  /** OUTPUT_DIR, where it is set. */
  readonly out?: string
  /** Keys that the user wrote and that cannot change anything here, such as DATALOADER.NUM_WORKERS. */
  readonly withoutEffect: readonly string[]
}

/** Options of {@link readConfig}. */
export interface ReadConfigOptions {
  /** `KEY value` pairs, as behind the reference's command: `['OPTIM.LR', '0.001']`. */
  readonly overrides?: readonly string[]
  /** Method in place of the one that the configuration names. */
  readonly method?: string
}

/**
 * Reads configurations of the reference, YAML files or published ones by name, laid over each other in their order.
 *
 * @throws ConfigError naming the file, and every key that is unknown or has a value that cannot be honoured, with what
 *   can
 */
export async function readConfig(
  sources: readonly string[],
  { overrides = [], method }: ReadConfigOptions = {},
): Promise<TrainConfig> {
  const source = sources.join(' + ')
  const given = await readSources(sources, overrides)
  const trainer = chosenTrainer(source, given, method)
  const checked = checkValues(given, trainer)
  const problems: Problem[] = [...checked.problems]
  // Options are worked out of values that are right by themselves.
  const options = trainer && problems.length === 0 ? optionsOf(trainer, checked, problems) : {}
  problems.push(...(problems.length === 0 ? scheduleProblems(checked) : []))
  if (problems.length > 0)
    throw refused(source, given, problems, 'See `promptsrc configs --keys` for what each key may be.')
  if (checked.missing.length > 0) throw incomplete(sources, given, checked.missing, trainer)

  const value = <T>(key: string) => checked.value(key) as T
  const model = value<string>('MODEL.BACKBONE.NAME')
  const out = value<string>('OUTPUT_DIR')
  const size = value<number | readonly number[]>('INPUT.SIZE')
  return {
    settings: {
      ...settingsOf(value),
      method: method ?? trainer!.method,
      methodOptions: options,
    },
    ...(model ? { model } : {}),
    imageSize: typeof size === 'number' ? size : size[0]!,
    ...(given.values.has('OUTPUT_DIR') && out ? { out } : {}),
    withoutEffect: checked.withoutEffect,
  }
}

function settingsOf(value: <T>(key: string) => T): SettingsInput {
  const warmup = value<'constant' | 'linear'>('OPTIM.WARMUP_TYPE')
  const decay = value<'cosine' | 'single_step' | 'multi_step'>('OPTIM.LR_SCHEDULER')
  const classes = value<'all' | 'base' | 'new'>('DATASET.SUBSAMPLE_CLASSES')
  const steps = [value<number | readonly number[]>('OPTIM.STEPSIZE')].flat()
  return {
    classes: classes === 'new' ? 'novel' : classes,
    shots: value('DATASET.NUM_SHOTS'),
    seed: value('SEED'),
    epochs: value('OPTIM.MAX_EPOCH'),
    batchSize: value('DATALOADER.TRAIN_X.BATCH_SIZE'),
    learningRate: value('OPTIM.LR'),
    momentum: value('OPTIM.MOMENTUM'),
    weightDecay: value('OPTIM.WEIGHT_DECAY'),
    warmup,
    warmupEpochs: Math.max(0, value('OPTIM.WARMUP_EPOCH')),
    warmupLearningRate: value(warmup === 'constant' ? 'OPTIM.WARMUP_CONS_LR' : 'OPTIM.WARMUP_MIN_LR'),
    warmupRecount: value('OPTIM.WARMUP_RECOUNT'),
    decay,
    ...(decay === 'cosine'
      ? {}
      : { decayEpochs: steps.filter((step) => step > 0), decayFactor: value('OPTIM.GAMMA') }),
  }
}

function scheduleProblems({ value }: CheckedValues): Problem[] {
  const steps = [value('OPTIM.STEPSIZE') as number | readonly number[]].flat()
  if (value('OPTIM.LR_SCHEDULER') !== 'multi_step' || steps.every((step) => step > 0)) return []
  const message = 'OPTIM.STEPSIZE: multi_step needs epochs of at least 1, such as (10, 15)'
  return [{ key: 'OPTIM.STEPSIZE', message }]
}

/** Values of the trainer's section as options of the method. */
function optionsOf(
  { section, keys, reference }: Trainer,
  { value }: CheckedValues,
  problems: Problem[],
): Record<string, unknown> {
  const values = Object.fromEntries(
    Object.keys(keys).map((key) => [key, value(`TRAINER.${section}.${key}`) as ReferenceValue]),
  )
  return referenceOptions(reference, values, (name, message) => {
    const key = `TRAINER.${section}.${name}`
    problems.push({ key, message: `${key}: ${message}` })
  })
}

/** The trainer of the method, else of TRAINER.NAME, else the one with a section. */
function chosenTrainer(
  source: string,
  { values }: GivenValues,
  method: string | undefined,
): Trainer | undefined {
  if (method !== undefined) return trainers.find((trainer) => trainer.method === method)
  const names = trainers.map(({ name }) => name)
  const name = values.get('TRAINER.NAME')
  if (name !== undefined && name !== '') {
    const named = trainers.find((trainer) => trainer.name === name)
    if (named) return named
    const near = nearestNames(String(name), names)
    throw new ConfigError(`${source}: TRAINER.NAME ${name}: no method that trains prompts`, {
      hint: `${near.length > 0 ? `Did you mean ${near.join(' or ')}? ` : ''}There are ${names.join(', ')}.`,
    })
  }
  const sections = trainers.filter(({ section }) =>
    [...values.keys()].some((key) => key.startsWith(`TRAINER.${section}.`)),
  )
  if (sections.length === 1) return sections[0]!
  const found = sections.length === 0 ? 'no trainer' : sections.map(({ name }) => name).join(' and ')
  throw new ConfigError(`${source}: names ${found}, expected one`, {
    hint: `Choose the method with --method or TRAINER.NAME (${names.join(', ')}).`,
  })
}

/** Blames the pairs of the command line where all that is wrong stands there, and else the files. */
function refused(
  source: string,
  { paired }: GivenValues,
  problems: readonly Problem[],
  hint: string,
): ConfigError {
  const onLine = problems.filter(({ key }) => paired.has(key))
  const all = onLine.length === problems.length
  const lines = problems.map(({ key, message }) =>
    paired.has(key) && !all ? `${message} (on the command line)` : message,
  )
  const what =
    lines.length === 1
      ? lines[0]
      : `${lines.length} keys cannot be honoured\n${lines.map((line) => `  ${line}`).join('\n')}`
  return new ConfigError(`${all ? 'on the command line' : source}: ${what}`, { hint })
}

/** For short files: the reference's defaults of what they leave out are those of another kind of training. */
function incomplete(
  sources: readonly string[],
  { values }: GivenValues,
  missing: readonly string[],
  trainer: Trainer | undefined,
): ConfigError {
  const base = publishedConfigs.find(({ method }) => method === trainer?.method) ?? publishedConfigs[0]!
  const left = missing.length === 1 ? 'a key whose' : `${missing.length} keys whose`
  return new ConfigError(
    `${sources.join(' + ')}: sets ${values.size} keys, and leaves out ${left} default in the reference cannot be honoured\n${missing.map((problem) => `  ${problem}`).join('\n')}`,
    {
      hint: `Lay it over a published configuration: --config ${[base.name, ...sources].join(' --config ')}`,
    },
  )
}
