import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Observation } from '../../src/lab/results/observation.js'
import { identityOf, type UnitData, type UnitSpec } from '../../src/lab/units/unit.js'
import type { UnitResult } from '../../src/lab/units/unit-files.js'

/** What a unit folder is written from. */
export type UnitSample = Omit<Observation, 'from'> & {
  /** Without one, the unit is not finished. */
  readonly finished?: boolean
  readonly model?: string
}

/** Writes a unit that measures prompts of another, as a benchmark lays it out; returns its folder. */
export function writeUnitFolder(root: string, sample: UnitSample): string {
  const { protocol, method, dataset, source, classes, shots, seed, finished = true, model = 'tiny' } = sample
  const data = (name: string): UnitData => ({ name, path: name, fingerprint: name })
  const measure = { name: `${dataset}-${classes}`, data: data(dataset), classes }
  const spec: UnitSpec = {
    format: 2,
    label: method,
    protocol,
    method,
    model: { name: model, sha256: model },
    data: data(source),
    skipBadImages: false,
    settings: { seed, shots },
    ...(seed === null ? {} : { trained: { folder: '../train', identity: `${method} ${seed}` } }),
    measures: [measure],
  }
  const place = seed === null ? '' : `shots${shots}-seed${seed}`
  const folder = join(root, protocol, source, method.replaceAll(/[^\w.+-]+/g, '-'), place, measure.name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'unit.json'), JSON.stringify(spec))
  if (finished) writeFileSync(join(folder, 'result.json'), JSON.stringify(resultOf(spec, sample)))
  return folder
}

function resultOf(spec: UnitSpec, { accuracy, macroF1 = accuracy }: UnitSample): UnitResult {
  const metrics = {
    count: 100,
    accuracy,
    macroF1,
    perClassAccuracy: [accuracy],
    meanPerClassAccuracy: accuracy,
    confusion: [],
    expectedCalibrationError: 1,
  }
  return {
    identity: identityOf(spec),
    measures: { [spec.measures[0]!.name]: { metrics, calibration: [], samples: [], skipped: [] } },
    parameters: 1,
    stepSeconds: null,
    peakMemoryMB: 100,
  }
}

/** What a log of the reference is written from. */
export interface LogSample {
  readonly trainer: string
  readonly dataset: string
  readonly classes?: 'all' | 'base' | 'new'
  readonly shots?: number
  readonly seed?: number
  readonly configFile?: string
  readonly output?: string
  /** Where prompts are loaded from; without it they are trained. */
  readonly modelDir?: string
  readonly correct: number
  readonly total: number
}

const heading = (title: string): string =>
  [`${'*'.repeat(title.length + 6)}`, `** ${title} **`, `${'*'.repeat(title.length + 6)}`].join('\n')

/** The text of a log file in Dassl's form, shortened to what tells one run from another. */
export function logText(sample: LogSample): string {
  const {
    trainer,
    dataset,
    classes = 'all',
    shots = 16,
    seed = 1,
    output = '',
    modelDir,
    correct,
    total,
  } = sample
  const configFile = sample.configFile ?? `configs/trainers/${trainer}/vit_b16_c2_ep20_batch4_4+4ctx.yaml`
  const training = [
    'epoch [1/2] batch [5/10] time 0.250 (0.301) data 0.000 (0.051) loss 1.2070 (1.5123) lr 1.0000e-05 eta 0:00:04',
    'epoch [2/2] batch [10/10] time 0.249 (0.290) data 0.000 (0.012) loss 0.9041 (1.0377) lr 2.5000e-03 eta 0:00:00',
    `Checkpoint saved to ${output}/VLPromptLearner/model.pth.tar-2`,
    'Finish training',
    'Deploy the last-epoch model',
  ]
  return `${[
    heading('Arguments'),
    'backbone: ',
    `config_file: ${configFile}`,
    `dataset_config_file: configs/datasets/${dataset.toLowerCase()}.yaml`,
    `eval_only: ${modelDir === undefined ? 'False' : 'True'}`,
    `model_dir: ${modelDir ?? ''}`,
    `opts: ['DATASET.NUM_SHOTS', '${shots}', 'DATASET.SUBSAMPLE_CLASSES', '${classes}']`,
    `output_dir: ${output}`,
    `seed: ${seed}`,
    `trainer: ${trainer}`,
    heading('Config'),
    'DATALOADER:',
    '  NUM_WORKERS: 8',
    '  TEST:',
    '    BATCH_SIZE: 100',
    'DATASET:',
    `  NAME: ${dataset}`,
    `  NUM_SHOTS: ${shots}`,
    '  ROOT: /data',
    '  SOURCE_DOMAINS: ()',
    `  SUBSAMPLE_CLASSES: ${classes}`,
    'MODEL:',
    '  BACKBONE:',
    '    NAME: ViT-B/16',
    `OUTPUT_DIR: ${output}`,
    `SEED: ${seed}`,
    'TRAINER:',
    '  COOP:',
    '    CTX_INIT: ',
    `  NAME: ${trainer}`,
    'VERBOSE: True',
    'Collecting env info ...',
    '** System info **',
    'PyTorch version: 1.10.1',
    '',
    `Loading trainer: ${trainer}`,
    ...(modelDir === undefined ? training : []),
    'Evaluate on the *test* set',
    '=> result',
    `* total: ${total.toLocaleString('en')}`,
    `* correct: ${correct.toLocaleString('en')}`,
    `* accuracy: ${((100 * correct) / total).toFixed(1)}%`,
    `* error: ${(100 - (100 * correct) / total).toFixed(1)}%`,
    `* macro_f1: ${((100 * correct) / total - 0.4).toFixed(1)}%`,
    ...(modelDir === undefined ? ['Elapsed: 0:10:07'] : []),
  ].join('\n')}\n`
}

/** Writes a log where the reference's scripts would, below `root/output`; returns its folder. */
export function writeLog(root: string, place: string, sample: LogSample): string {
  const output = `output/${place}/seed${sample.seed ?? 1}`
  const folder = join(root, output)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'log.txt'), logText({ output, ...sample }))
  return folder
}
