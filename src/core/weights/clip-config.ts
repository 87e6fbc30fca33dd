import type { ClipConfig, ResNetConfig, TextConfig, VisionTransformerConfig } from '../clip/config.js'
import { WeightsError } from '../errors.js'
import { checkShapes } from './clip-shapes.js'
import type { CanonicalWeights } from './names.js'
import type { WeightEntry } from './state-dict.js'

/** What a configuration file beside the weights states; sizes are checked against the tensors, the rest is taken. */
export interface StatedConfig {
  /** Name of the file, for messages. */
  readonly source: string
  readonly activation?: 'quick' | 'exact'
  readonly visionHeads?: number
  readonly textHeads?: number
  /** Sizes by the name of their key in the file. */
  readonly sizes: readonly StatedSize[]
}

export interface StatedSize {
  readonly key: string
  readonly value: number
  readonly actual: (config: ClipConfig) => number | undefined
}

/** Width of an attention head in all of OpenAI's models. */
const headWidth = 64

/**
 * Infers a model's configuration from the shapes of its tensors and checks every one of them. Heads are width / 64 and
 * the activation is quick GELU, exact GELU for open_clip's own naming, unless a configuration file says otherwise.
 *
 * @param source what to call the weights in messages
 * @throws WeightsError when tensors are missing, do not fit together or contradict the configuration file
 */
export function inferClipConfig(
  weights: CanonicalWeights,
  source: string,
  stated?: StatedConfig,
): ClipConfig {
  const tensors = new Tensors(weights.entries, source)
  const embedDim = tensors.size('text_projection', 1)
  const vision = tensors.has('visual.layer1.0.conv1.weight')
    ? resnetConfig(tensors, stated?.visionHeads)
    : visionTransformerConfig(tensors, stated?.visionHeads)
  const config: ClipConfig = {
    embedDim,
    vision,
    text: textConfig(tensors, stated?.textHeads),
    activation: stated?.activation ?? (weights.naming === 'open_clip' ? 'exact' : 'quick'),
  }
  checkShapes(weights.entries, config, source)
  for (const { key, value, actual } of stated?.sizes ?? []) {
    const found = actual(config)
    if (found === undefined || found === value) continue
    throw new WeightsError(
      `${stated?.source}: ${key} is ${value}, but the tensors of ${source} have ${found}`,
      {
        hint: 'The configuration belongs to another model, or the weights are incomplete.',
      },
    )
  }
  return config
}

function textConfig(tensors: Tensors, statedHeads: number | undefined): TextConfig {
  const width = tensors.size('token_embedding.weight', 1)
  return {
    contextLength: tensors.size('positional_embedding', 0),
    vocabSize: tensors.size('token_embedding.weight', 0),
    width,
    layers: tensors.count(/^transformer\.resblocks\.(\d+)\./),
    heads: tensors.heads('token_embedding.weight', width, statedHeads),
  }
}

function visionTransformerConfig(tensors: Tensors, statedHeads: number | undefined): VisionTransformerConfig {
  const width = tensors.size('visual.conv1.weight', 0)
  const patchSize = tensors.size('visual.conv1.weight', 2)
  return {
    kind: 'vit',
    resolution: tensors.grid('visual.positional_embedding') * patchSize,
    patchSize,
    width,
    layers: tensors.count(/^visual\.transformer\.resblocks\.(\d+)\./),
    heads: tensors.heads('visual.conv1.weight', width, statedHeads),
  }
}

/** The stem halves the resolution twice, three of the four stages once each: 32 pixels a cell. */
function resnetConfig(tensors: Tensors, statedHeads: number | undefined): ResNetConfig {
  const width = tensors.size('visual.layer1.0.conv1.weight', 0)
  const stage = (number: number) => tensors.count(new RegExp(`^visual\\.layer${number}\\.(\\d+)\\.`))
  return {
    kind: 'resnet',
    resolution: tensors.grid('visual.attnpool.positional_embedding') * 32,
    width,
    stages: [stage(1), stage(2), stage(3), stage(4)],
    heads: tensors.heads('visual.layer1.0.conv1.weight', 32 * width, statedHeads),
  }
}

/** Looks sizes up in shapes, with errors that name the tensor. */
class Tensors {
  constructor(
    private readonly entries: ReadonlyMap<string, WeightEntry>,
    private readonly source: string,
  ) {}

  has(name: string): boolean {
    return this.entries.has(name)
  }

  size(name: string, axis: number): number {
    const shape = this.entries.get(name)?.shape
    if (!shape) {
      throw new WeightsError(`${this.source}: not a CLIP model: tensor "${name}" is missing`, {
        hint: 'Give a CLIP model by OpenAI, Hugging Face or open_clip; a checkpoint of prompts is no model.',
      })
    }
    const size = shape[axis]
    if (!size) {
      throw new WeightsError(
        `${this.source}: tensor "${name}" has shape [${shape.join(', ')}], expected at least ${axis + 1} dimensions that are not 0`,
      )
    }
    return size
  }

  /** Side of the square grid of positions behind the first one. */
  grid(name: string): number {
    const positions = this.size(name, 0)
    const side = Math.round(Math.sqrt(positions - 1))
    if (side === 0 || side * side !== positions - 1) {
      throw new WeightsError(
        `${this.source}: tensor "${name}" has ${positions} rows, expected a square number plus one`,
      )
    }
    return side
  }

  /** One more than the highest index, at least 1; gaps are found when shapes are checked. */
  count(pattern: RegExp): number {
    let count = 1
    for (const name of this.entries.keys()) {
      const index = pattern.exec(name)?.[1]
      if (index !== undefined) count = Math.max(count, Number(index) + 1)
    }
    return count
  }

  heads(name: string, width: number, stated: number | undefined): number {
    const heads = stated ?? width / headWidth
    if (Number.isInteger(heads) && heads > 0 && width % heads === 0) return heads
    throw new WeightsError(
      stated === undefined
        ? `${this.source}: tensor "${name}" makes the width ${width}, expected a multiple of ${headWidth}`
        : `${this.source}: ${stated} attention heads are stated for the width ${width}, which they do not divide`,
      stated === undefined
        ? { hint: 'A configuration file beside the weights can state the number of heads.' }
        : {},
    )
  }
}
