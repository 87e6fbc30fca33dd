import { existsSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { ConfigError } from '../core/errors.js'
import { methodNamed, methods } from '../core/methods/registry.js'
import type { Model } from '../core/model.js'
import { runFiles } from '../core/run/run-files.js'
import type { Settings } from '../core/train/settings.js'
import { readConfig, type TrainConfig } from '../exchange/configs/config.js'
import type { DataOptions } from './data.js'
import type { fastSettings } from './fast.js'
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

/** A resumed run may leave DATA out, and then the first key stands in its place. */
export function splitArguments(data: string | undefined, pairs: readonly string[]) {
  const isKey = data !== undefined && pairs.length % 2 === 1 && /^[A-Z]+(\.\w+)+$|^SEED$/.test(data)
  return isKey ? { dataPath: undefined, overrides: [data, ...pairs] } : { dataPath: data, overrides: pairs }
}

/** The configuration that is named, with its overrides; keys that have no effect are said once. */
export async function configOf(
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
export function settingsOf(flags: TrainFlags, { config, begun, fast }: SettingsBelow) {
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
export const learnsFromTexts = (method = 'promptsrc'): boolean => methodNamed(method).learning === 'texts'

/** Refuses what a method would pass over: sentences where it learns from images, shots where it does not. */
export function checkTexts({ texts, shots }: TrainFlags, method = 'promptsrc'): void {
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
export function checkOutside(out: string, data: string): void {
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
export function interruption(out: string, { classNames, skipBadImages }: TrainFlags): string {
  if (!existsSync(join(out, runFiles.config))) return 'Interrupted before training began.'
  const quoted = (path: string) => (/^[\w./@:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)
  const options = [
    `--out ${quoted(out)}`,
    ...(classNames ? [`--class-names ${quoted(classNames)}`] : []),
    ...(skipBadImages ? ['--skip-bad-images'] : []),
  ]
  return `Interrupted. Continue with: promptsrc train --resume ${options.join(' ')}`
}

/** What is wrong where neither data nor a run to resume is named. */
export function noData({ resume, out }: TrainFlags): ConfigError {
  if (resume && !out) {
    return new ConfigError('--resume: no run is named', {
      hint: 'Name the one to continue: promptsrc train --resume --out RUN',
    })
  }
  return new ConfigError(resume ? `${out} holds no run to resume, and no data is given` : 'no data given', {
    hint: 'Name a folder with a folder of images for each class: promptsrc train DATA',
  })
}
