/** Names of what lies in a run directory. They are part of the format: runs of earlier versions have the same. */
export const runFiles = {
  /** What was asked for. Its presence makes a folder a run. */
  config: 'config.yaml',
  environment: 'environment.json',
  log: 'log.jsonl',
  /** Folder of {@link checkpointName} files. */
  checkpoints: 'checkpoints',
  /** What was learned. Its presence makes a run a finished one. */
  prompts: 'prompts.safetensors',
  /** What was set on held-out images: the threshold of "none of these", and the temperature of probabilities. */
  noneOfThese: 'none-of-these.json',
  metrics: 'metrics.json',
  report: 'report.html',
  interpretation: 'interpretation.html',
} as const

/** What training writes; the configuration last, so that a directory half cleared is still known as a run's. */
export const runOutputs: readonly string[] = [
  runFiles.checkpoints,
  runFiles.log,
  runFiles.prompts,
  runFiles.noneOfThese,
  runFiles.metrics,
  runFiles.report,
  runFiles.interpretation,
  runFiles.environment,
  runFiles.config,
]

/** Name of the checkpoint written after an epoch, 1-based. */
export const checkpointName = (epoch: number): string => `epoch-${String(epoch).padStart(3, '0')}.safetensors`

/** The epoch after which a checkpoint was written; undefined for names of other files. */
export function epochOfCheckpoint(name: string): number | undefined {
  const epoch = /^epoch-(\d+)\.safetensors$/.exec(name)?.[1]
  return epoch === undefined ? undefined : Number(epoch)
}

/** Name of the figures that `promptsrc eval` keeps beside a run, for a data set and a choice of its classes. */
export const evaluationName = (dataset: string, classes: string): string => `eval-${dataset}-${classes}.json`

/** Whether a file was named by {@link evaluationName}. */
export const isEvaluation = (name: string): boolean => /^eval-.*\.json$/.test(name)
