import { limiter } from '../../core/data/ahead.js'
import type { ClassSelection } from '../../core/data/base-novel.js'
import { imagenetVariants } from '../../core/data/dataset-names.js'
import type { Protocol } from '../plans/protocol.js'
import type { Observation } from './observation.js'

/** An observation as it was found, before runs of several variants under one name are told apart. */
export interface Found {
  readonly observation: Observation
  /** What else may tell this run from another of the same name: its model, or its configuration. */
  readonly variant: string
}

/** What a reader of results found below the folders that it was given. */
export interface Findings {
  readonly found: readonly Found[]
  /** Runs without a result yet: folders or log files. */
  readonly unfinished: readonly string[]
  /** Runs that ended with an error. */
  readonly failed: readonly Problem[]
  /** Files that cannot be read, and why. */
  readonly damaged: readonly Problem[]
}

/** A file or folder with what is wrong about it. */
export interface Problem {
  readonly path: string
  readonly message: string
}

/** The benchmark that a measurement belongs to where nothing else says it. */
export function protocolOf(dataset: string, source: string, classes: ClassSelection): Protocol {
  if (classes !== 'all') return 'base-to-novel'
  if (dataset === source) return 'few-shot'
  return imagenetVariants.includes(dataset) ? 'domain-generalization' : 'cross-dataset'
}

/** Findings of several readers as one. */
export function joinFindings(all: readonly Findings[]): Findings {
  return {
    found: all.flatMap(({ found }) => found),
    unfinished: all.flatMap(({ unfinished }) => unfinished),
    failed: all.flatMap(({ failed }) => failed),
    damaged: all.flatMap(({ damaged }) => damaged),
  }
}

/** Runs read at once. */
const AT_ONCE = 32

/** Reads runs in their order, some at once. */
export function readAll<T, R>(
  runs: readonly T[],
  read: (run: T) => Promise<R>,
  onDone: () => void = () => {},
): Promise<R[]> {
  const limit = limiter(AT_ONCE)
  return Promise.all(runs.map((run) => limit(() => read(run).finally(onDone))))
}
