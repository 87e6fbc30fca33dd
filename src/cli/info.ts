import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import type { Clip } from '../core/clip/clip.js'
import type { ClipConfig } from '../core/clip/config.js'
import { towerTraits } from '../core/clip/towers/architectures.js'
import type { Activation } from '../core/model.js'
import { runFiles } from '../core/run/run-files.js'
import { printable } from '../lab/results/formats/printable.js'
import { loadModel } from '../node/model.js'
import { promptsPath } from '../node/run.js'
import { loadPrompts } from '../node/runs/prompts-file.js'
import { showingDownloads } from './download-progress.js'
import { activationOption } from './options.js'

interface InfoFlags {
  readonly json?: boolean
  readonly activation?: Activation
}

const examples = `
Examples:
  $ promptsrc info ViT-B/16
  $ promptsrc info runs/photos --json`

/** `promptsrc info`: what a model or a run is. */
export function infoCommand(): Command {
  return new Command('info')
    .argument('<model|run>', 'a model (see `promptsrc train --help`) or a run directory')
    .addOption(activationOption())
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(async (name: string, { json, activation }: InfoFlags) => {
      const facts = (await isRun(name))
        ? await runFacts(await promptsPath(name))
        : await modelFacts(name, activation)
      process.stdout.write(
        json
          ? `${JSON.stringify(facts)}\n`
          : `${printable(lines(facts).join('\n'), Number.POSITIVE_INFINITY)}\n`,
      )
    })
}

/** Whether a name is that of a run directory, finished or not, or of its prompts. */
async function isRun(name: string): Promise<boolean> {
  if (basename(name) === runFiles.prompts) return true
  const marks = [runFiles.config, runFiles.prompts].map((file) => stat(join(name, file)))
  return (await Promise.allSettled(marks)).some(({ status }) => status === 'fulfilled')
}

type Facts = Record<string, unknown>

async function runFacts(path: string): Promise<Facts> {
  const { method, methodOptions, classNames, model, parameters } = await loadPrompts(path)
  return {
    kind: 'run',
    method: method.title,
    paper: method.paper,
    model: model.name,
    modelSha256: model.sha256,
    ...(model.activation ? { activation: model.activation } : {}),
    ...(model.pixels ? { preprocessing: model.pixels } : {}),
    learnedValues: [...parameters.values()].reduce((n, { length }) => n + length, 0),
    options: methodOptions,
    classes: classNames,
  }
}

async function modelFacts(name: string, activation?: Activation): Promise<Facts> {
  const model = await showingDownloads((onProgress) => loadModel(name, { onProgress, activation }))
  try {
    const { config } = model.clip
    return {
      kind: 'model',
      name,
      source: model.source,
      sha256: await model.hash(),
      imageTower: imageTowerOf(config),
      textTower: config.text,
      embedDim: config.embedDim,
      activation: config.activation === 'quick' ? 'quick GELU' : 'exact GELU',
      preprocessing: preprocessingOf(model.clip),
    }
  } finally {
    await model.close()
  }
}

const resizes = {
  shortest: 'short side to size, centre cut out',
  squash: 'both sides to size',
} as const

const preprocessingOf = ({ preprocessing: { size, mean, std, resize, interpolation } }: Clip): Facts => ({
  size,
  resize: resizes[resize],
  interpolation,
  mean,
  std,
})

const imageTowerOf = ({ vision }: ClipConfig): Facts => ({
  ...vision,
  kind: towerTraits(vision).title,
})

function lines(facts: Facts, indent = ''): string[] {
  return Object.entries(facts).flatMap(([key, value]) => {
    if (Array.isArray(value)) return [`${indent}${key}: ${value.join(', ')}`]
    if (typeof value === 'object' && value !== null)
      return [`${indent}${key}:`, ...lines(value as Facts, `${indent}  `)]
    return [`${indent}${key}: ${value}`]
  })
}
