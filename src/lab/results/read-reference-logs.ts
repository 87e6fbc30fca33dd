import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ClassSelection } from '../../core/data/base-novel.js'
import { imagenetVariants, referenceName } from '../../core/data/dataset-names.js'
import { methods } from '../../core/methods/registry.js'
import { readRegularText } from '../../node/files/regular-file.js'
import type { Protocol } from '../plans/protocol.js'
import type { RunFolders } from './find-runs.js'
import { type Findings, type Found, joinFindings, type Problem, protocolOf, readAll } from './found.js'
import type { Observation } from './observation.js'
import { parseReferenceLog, type ReferenceLog } from './reference-log.js'

/** Rows by the reference's trainers; others go by their own name. */
const rowsByTrainer = (): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.values(methods).map(({ name, title, reference }) => [reference?.trainer ?? title, name]),
  ),
  ZeroshotCLIP: 'zero-shot',
  ZeroshotCLIP2: 'zero-shot ensemble',
})

/** The largest log that is read, in bytes; of the published settings none comes near. */
const LARGEST = 64 * 2 ** 20

/** A log with what it and its place say. */
interface Run {
  readonly folder: string
  readonly observation: Omit<Observation, 'protocol'>
  readonly config: string
  /** Where the prompts came from, if they were not trained here. */
  readonly modelFolder: string
  readonly trainedAcross: boolean
  readonly fewShot: boolean
  readonly zeroShot: boolean
}

/**
 * Reads output trees of the PyTorch reference: what its logs say of themselves, and what they do not say from where they
 * lie, as its scripts lay them out. Methods get the remark `(Python)`.
 *
 * What was trained and measured on all classes of one data set belongs to the few-shot benchmark, unless its prompts
 * were measured on other data sets, too: then it is their source.
 */
export async function readReferenceLogs(logs: RunFolders['logs'], onDone?: () => void): Promise<Findings> {
  const read = await readAll(logs, readOne, onDone)
  const runs = read.flatMap(({ run }) => run ?? [])
  const problems = read.flatMap(({ findings }) => findings ?? [])
  const across = runs.filter(({ observation: { dataset, source } }) => dataset !== source)
  const found = runs.flatMap((run): Found[] =>
    protocolsOf(run, across).map((protocol) => ({
      observation: { protocol, ...run.observation },
      variant: run.config,
    })),
  )
  return joinFindings([{ found, unfinished: [], failed: [], damaged: [] }, ...problems])
}

function protocolsOf(run: Run, across: readonly Run[]): Protocol[] {
  const { dataset, source, classes, method } = run.observation
  if (classes !== 'all' || dataset !== source) return [protocolOf(dataset, source, classes)]
  const targets = across.filter(
    (target) =>
      target.observation.source === dataset &&
      target.observation.method === method &&
      target.config === run.config,
  )
  const usedBy = targets.filter(({ modelFolder }) => modelFolder !== '' && isSame(modelFolder, run.folder))
  if (run.fewShot || (usedBy.length === 0 && !run.trainedAcross && !run.zeroShot)) return ['few-shot']
  const of = targets.map((target) => protocolOf(target.observation.dataset, dataset, 'all'))
  const shown = (['cross-dataset', 'domain-generalization'] as const).filter((name) => of.includes(name))
  if (run.zeroShot) return ['few-shot', ...shown]
  return shown.length > 0 ? shown : ['cross-dataset']
}

/** Whether a path that a script was given names a folder, which may have been moved since. */
function isSame(given: string, folder: string): boolean {
  const parts = (path: string) =>
    path
      .replaceAll('\\', '/')
      .split('/')
      .filter((part) => part !== '' && part !== '.')
  const [a, b] = [parts(given), parts(folder)]
  const length = Math.min(a.length, b.length, 4)
  return length >= 3 && a.slice(-length).join('/') === b.slice(-length).join('/')
}

async function readOne({
  folder,
  files,
}: RunFolders['logs'][number]): Promise<{ run?: Run; findings?: Findings }> {
  const problem = (kind: 'damaged' | 'unfinished', path: string, message = ''): { findings: Findings } => {
    const none = { found: [], unfinished: [], failed: [], damaged: [] as Problem[] }
    return {
      findings:
        kind === 'damaged' ? { ...none, damaged: [{ path, message }] } : { ...none, unfinished: [path] },
    }
  }
  // A run that was started anew has written a further file: the last one with a result counts.
  for (const path of files.map((name) => join(folder, name)).reverse()) {
    const { size } = await stat(path).catch(() => ({ size: 0 }))
    if (size > LARGEST) return problem('damaged', path, `${path} has more than ${LARGEST / 2 ** 20} MB`)
    let log: ReferenceLog
    try {
      log = parseReferenceLog(await readRegularText(path))
    } catch (error) {
      return problem('damaged', path, `${path} cannot be used: ${(error as Error).message}`)
    }
    if (!log.result) continue
    const run = runOf(folder, path, log)
    return typeof run === 'string' ? problem('damaged', path, `${path} does not say ${run}`) : { run }
  }
  return problem('unfinished', join(folder, files.at(-1)!))
}

/** The run of a log; where neither log nor path say it, what is missing. */
function runOf(folder: string, from: string, { args, config, result }: ReferenceLog): Run | string {
  const output = config.get('OUTPUT_DIR') || args.get('output_dir') || ''
  // The folder may have been renamed, the log not: what the log says comes first.
  const places = [output, folder].map((path) => path.replaceAll('\\', '/').split('/'))
  const find = <T>(of: (part: string) => T | undefined): T | undefined => {
    for (const parts of places) {
      for (const part of parts.toReversed()) {
        const value = of(part)
        if (value !== undefined) return value
      }
    }
    return undefined
  }
  const has = (name: string): boolean => find((part) => (part === name ? true : undefined)) ?? false

  const trainer = config.get('TRAINER.NAME') || args.get('trainer') || find(trainerNamed)
  if (!trainer) return 'which trainer ran'
  const dataset =
    config.get('DATASET.NAME') || datasetOf(args.get('dataset_config_file')) || find(referenceName)
  if (!dataset) return 'what was measured'
  const name = referenceName(dataset) ?? dataset

  const zeroShot = trainer.startsWith('ZeroshotCLIP')
  const modelFolder = args.get('model_dir') ?? ''
  const trainedElsewhere = !zeroShot && (args.get('eval_only') === 'True' || has('evaluation'))
  const source = trainedElsewhere
    ? (lastDataset(modelFolder) ?? (has('evaluation') ? 'ImageNet' : name))
    : zeroShot && imagenetVariants.includes(name)
      ? 'ImageNet'
      : name
  const classes = classesOf(config.get('DATASET.SUBSAMPLE_CLASSES')) ?? find(classesOfFolder) ?? 'all'
  const settings = basename(args.get('config_file') ?? '').replace(/\.ya?ml$/, '')
  const configName =
    settings || find((part) => (/^(vit|rn\d)/.test(part) ? part.replace(/_\d+shots$/, '') : undefined)) || ''
  const shots = positive(config.get('DATASET.NUM_SHOTS')) || (find(shotsOfFolder) ?? null)
  const seed = positive(config.get('SEED')) ?? find((part) => numberIn(/^seed(\d+)$/, part)) ?? null
  return {
    folder,
    config: configName,
    modelFolder,
    zeroShot,
    trainedAcross: /cross_dataset/.test(configName) || has('evaluation'),
    fewShot: has('few_shot'),
    observation: {
      method: `${rowsByTrainer()[trainer] ?? trainer} (Python)`,
      dataset: name,
      // Base and novel classes are always those of the data set itself.
      source: classes === 'all' ? source : name,
      classes,
      shots: zeroShot ? null : shots,
      seed: zeroShot ? null : seed,
      accuracy: result!.accuracy,
      ...(result!.macroF1 === undefined ? {} : { macroF1: result!.macroF1 }),
      from,
    },
  }
}

const trainerNamed = (part: string): string | undefined =>
  Object.hasOwn(rowsByTrainer(), part) ? part : undefined

const datasetOf = (configFile: string | undefined): string | undefined =>
  referenceName(basename(configFile ?? '').replace(/\.ya?ml$/, ''))

/** The data set among the folders of a path, the innermost first. */
function lastDataset(path: string): string | undefined {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const name = referenceName(basename(at))
    if (name) return name
  }
  return undefined
}

function classesOf(name: string | undefined): ClassSelection | undefined {
  return name === 'new' ? 'novel' : name === 'all' || name === 'base' ? name : undefined
}

const classesOfFolder = (part: string): ClassSelection | undefined =>
  part === 'test_new' ? 'novel' : part === 'train_base' || part === 'test_base' ? 'base' : undefined

const shotsOfFolder = (part: string): number | undefined =>
  numberIn(/^shots_(\d+)$/, part) ?? numberIn(/_(\d+)shots$/, part)

function numberIn(pattern: RegExp, part: string): number | undefined {
  const found = pattern.exec(part)
  return found ? Number(found[1]) : undefined
}

/** Dassl says -1 where nothing was set. */
function positive(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}
