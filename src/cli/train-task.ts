import { existsSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { selectClasses } from '../core/data/base-novel.js'
import type { Dataset } from '../core/data/dataset.js'
import { labelledSentences } from '../core/data/descriptions.js'
import { ConfigError } from '../core/errors.js'
import { methodNamed, methods } from '../core/methods/registry.js'
import type { Model } from '../core/model.js'
import type { RunConfig } from '../core/run/run-config.js'
import { runFiles } from '../core/run/run-files.js'
import { resolveSettings, type Settings } from '../core/train/settings.js'
import { readConfig, type TrainConfig } from '../exchange/configs/config.js'
import { quickLeaks } from '../node/clean/quick-leaks.js'
import { openDescriptions } from '../node/data/descriptions.js'
import { readRunConfig } from '../node/runs/run-directory.js'
import { type DataOptions, openData } from './data.js'
import { warn } from './fail.js'
import { fastFrom, fastSettings } from './fast.js'
import { keyValues, type ModelFlags } from './options.js'

/** Options of `promptsrc train`. */
export interface TrainFlags
  extends DataOptions,
    ModelFlags,
    Partial<Pick<Settings, 'shots' | 'seed' | 'epochs' | 'batchSize' | 'views'>> {
  readonly model?: string
  readonly method?: string
  readonly fast?: string | boolean
  readonly classes?: Settings['classes']
  readonly lr?: number
  readonly set?: string[]
  readonly config?: string[]
  readonly out?: string
  readonly resume?: boolean
  readonly overwrite?: boolean
  readonly skipBadImages?: boolean
  readonly memory?: number
  readonly json?: boolean
}

/** What is trained, on what, and where it goes: all that can be known before a model is loaded. */
export interface Task {
  /** Of the data; undefined where sentences are all there is. */
  readonly path: string | undefined
  /** Path of sentences. */
  readonly texts: string | undefined
  readonly config: TrainConfig | undefined
  readonly settings: ReturnType<typeof settingsOf>
  /** The configuration of the run that is resumed. */
  readonly begun: RunConfig | undefined
  readonly frames: number | undefined
  readonly dataset: Dataset
  readonly out: string
}

/** @throws UserError for what is wrong with options, configuration or data */
export async function taskOf(
  argument: string | undefined,
  pairs: readonly string[],
  flags: TrainFlags,
): Promise<Task> {
  const { fast, data } = fastFrom(flags.fast, argument)
  const { dataPath, overrides } = splitArguments(data, pairs)
  const begun = flags.resume && flags.out ? await readRunConfig(flags.out) : undefined
  const path = dataPath ?? begun?.data.path
  const texts = flags.texts ?? begun?.data.descriptions?.path
  if (path === undefined && texts === undefined) throw noData(flags)
  const config = await configOf(flags, overrides)
  if (fast) process.stderr.write(`fast: ${fast}, ${methodNamed(fast).summary}\n`)
  const settings = settingsOf(flags, {
    config,
    begun: begun?.settings,
    fast: fast === undefined ? undefined : fastSettings(fast),
  })
  // What cannot be trained is said before data and model are opened.
  resolveSettings(settings)
  checkTexts(flags, settings.method)
  const exif = flags.exif ?? (begun ? (begun.data.exif ?? 'ignore') : undefined)
  const frames = flags.frames ?? begun?.model.frames
  const given = { ...flags, exif, frames, ...(texts === undefined ? {} : { texts }) }
  const dataset = path === undefined ? await openDescriptions(texts!) : await openData(path, given)
  if (learnsFromTexts(settings.method)) labelledSentences(selectClasses(dataset, settings.classes ?? 'all'))
  if (path !== undefined) await warnOfLeaks(path, dataset)
  const out =
    flags.out ??
    config?.out ??
    join('runs', `${dataset.name}-${settings.method ?? 'promptsrc'}-seed${settings.seed ?? 1}`)
  if (path !== undefined) checkOutside(out, path)
  return { path, texts, config, settings, begun, frames, dataset, out }
}

/** A resumed run may leave DATA out, and then the first key stands in its place. */
function splitArguments(data: string | undefined, pairs: readonly string[]) {
  const isKey = data !== undefined && pairs.length % 2 === 1 && /^[A-Z]+(\.\w+)+$|^SEED$/.test(data)
  return isKey ? { dataPath: undefined, overrides: [data, ...pairs] } : { dataPath: data, overrides: pairs }
}

/** The configuration that is named, with its overrides; keys that have no effect are said once. */
async function configOf(
  { config, method }: TrainFlags,
  overrides: readonly string[],
): Promise<TrainConfig | undefined> {
  if (config === undefined) {
    if (overrides.length === 0) return undefined
    throw new ConfigError(
      `${overrides.join(' ')}: KEY VALUE pairs change a configuration, and none is named`,
      {
        hint: 'Name one with --config; `promptsrc configs` lists the published ones.',
      },
    )
  }
  const read = await readConfig(config, { overrides, ...(method ? { method } : {}) })
  if (read.withoutEffect.length > 0)
    process.stderr.write(`config: without effect here: ${read.withoutEffect.join(', ')}\n`)
  return read
}

interface SettingsBelow {
  readonly config: TrainConfig | undefined
  readonly begun: Settings | undefined
  readonly fast: ReturnType<typeof fastSettings> | undefined
}

/** What is trained with: options over the configuration or `--fast`, these over the run that is resumed. */
function settingsOf(flags: TrainFlags, { config, begun, fast }: SettingsBelow) {
  const { method, classes, shots, seed, epochs, batchSize, views, lr, set } = flags
  const methodOptions = { ...(fast ?? config?.settings)?.methodOptions, ...keyValues(set ?? []) }
  const given = {
    ...(method === undefined ? {} : { method }),
    ...(classes === undefined ? {} : { classes }),
    ...(shots === undefined ? {} : { shots }),
    ...(seed === undefined ? {} : { seed }),
    ...(epochs === undefined ? {} : { epochs }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(views === undefined ? {} : { views }),
    ...(lr === undefined ? {} : { learningRate: lr }),
    ...(set === undefined ? {} : { methodOptions }),
  }
  return { ...begun, ...config?.settings, ...fast, ...given }
}

/** Whether a method learns from sentences. */
const learnsFromTexts = (method = 'promptsrc'): boolean => methodNamed(method).learning === 'texts'

/** Refuses what a method would pass over: sentences where it learns from images, shots where it does not. */
function checkTexts({ texts, shots }: TrainFlags, method = 'promptsrc'): void {
  if (learnsFromTexts(method)) {
    if (shots === undefined) return
    throw new ConfigError(`--shots ${shots}: ${method} learns from sentences, not from images`, {
      hint: 'Leave it out; all sentences are learned from.',
    })
  }
  if (texts === undefined) return
  const able = Object.values(methods).flatMap(({ name, learning }) => (learning === 'texts' ? [name] : []))
  throw new ConfigError(`--texts ${texts}: ${method} learns from images, not from sentences`, {
    hint: `Choose --method ${able.join(' or ')}.`,
  })
}

/** A run inside the folder of photos would be read as one of its classes from then on. */
function checkOutside(out: string, data: string): void {
  const inside = relative(resolve(data), resolve(out))
  if (
    inside.startsWith('..') ||
    isAbsolute(inside) ||
    !statSync(data, { throwIfNoEntry: false })?.isDirectory()
  )
    return
  throw new ConfigError(`--out ${out} lies in the data folder ${data}, where it would be read as a class`, {
    hint: `Name a folder outside of it, such as --out ${join(relative('.', dirname(resolve(data))) || '.', 'runs', basename(resolve(out)))}.`,
  })
}

/** Refuses a configuration for images of another size than the model's. */
export function checkImageSize({ imageSize }: TrainConfig, { clip, name }: Model): void {
  if (imageSize === clip.resolution) return
  throw new ConfigError(`INPUT.SIZE ${imageSize}: ${name} takes images of ${clip.resolution} pixels`, {
    hint: `Add INPUT.SIZE "(${clip.resolution}, ${clip.resolution})", or choose another model with --model.`,
  })
}

/** What to say on Ctrl-C: how to go on, with the options that a run does not record. */
export function interruption(
  { path, out }: Pick<Task, 'path' | 'out'>,
  { root, classNames, skipBadImages }: TrainFlags,
): string {
  if (!existsSync(join(out, runFiles.config))) return 'Interrupted before training began.'
  const quoted = (path: string) => (/^[\w./@:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)
  const options = [
    `--out ${quoted(out)}`,
    // A run records where a published set lies; of a list it records the list.
    ...(root && path && statSync(path, { throwIfNoEntry: false })?.isFile()
      ? [`--root ${quoted(root)}`]
      : []),
    ...(classNames ? [`--class-names ${quoted(classNames)}`] : []),
    ...(skipBadImages ? ['--skip-bad-images'] : []),
  ]
  return `Interrupted. Continue with: promptsrc train --resume ${options.join(' ')}`
}

/** What is wrong where neither data nor a run to resume is named. */
function noData({ resume, out }: TrainFlags): ConfigError {
  if (resume && !out) {
    return new ConfigError('--resume: no run is named', {
      hint: 'Name the one to continue: promptsrc train --resume --out RUN',
    })
  }
  return new ConfigError(resume ? `${out} holds no run to resume, and no data is given` : 'no data given', {
    hint: 'Name a folder with a folder of images for each class: promptsrc train DATA',
  })
}

/** Pictures of one's own that are in train and test. Published data sets are measured as they are; drawn ones have no files. */
async function warnOfLeaks(path: string, dataset: Dataset): Promise<void> {
  if (dataset.fingerprint !== undefined) return
  const leaks = await quickLeaks(dataset)
  if (!leaks) return
  const more = leaks.count > 1 ? ` (and ${leaks.count - 1} more)` : ''
  warn(
    `${leaks.train} and ${leaks.test} are the same picture, in train and in test${more}; \`promptsrc clean ${path}\` shows all such`,
  )
}
