import type {
  ClipConfig,
  Eva02Config,
  ResNetConfig,
  TextConfig,
  VisionConfig,
  VisionTransformerConfig,
} from '../clip/config.js'
import { towerTraits } from '../clip/towers/architectures.js'
import { WeightsError } from '../errors.js'
import { isClipPixels } from '../image/preprocess.js'
import { checkShapes } from './clip-shapes.js'
import { refuseOtherFamilies } from './families.js'
import type { CanonicalWeights } from './names.js'
import type { WeightEntry } from './state-dict.js'
import type { StatedConfig } from './stated-config.js'

/** Width of an attention head in all of OpenAI's models. */
const headWidth = 64

/**
 * Infers a model's configuration from the shapes of its tensors and checks every one of them. Heads are width / 64 and
 * the activation is quick GELU, exact GELU for open_clip's own naming, unless a configuration file says otherwise.
 *
 * @param source what to call the weights in messages
 * @param stated the configuration files beside them; the first that states something counts
 * @throws WeightsError when tensors are missing, do not fit together or contradict the configuration file
 */
export function inferClipConfig(
  weights: CanonicalWeights,
  source: string,
  stated: readonly StatedConfig[] = [],
): ClipConfig {
  const tensors = new Tensors(weights.entries, source)
  const isEva02 = tensors.hasLike(eva02Query)
  if (!isEva02) refuseOtherFamilies(weights.entries.keys(), source)
  const first = <K extends keyof StatedConfig>(key: K): StatedConfig[K] | undefined =>
    stated.find((file) => file[key] !== undefined)?.[key]
  const embedDim = tensors.size('text_projection', 1)
  const towerOf: (tensors: Tensors, statedHeads: number | undefined) => VisionConfig = isEva02
    ? eva02Config
    : tensors.has('visual.layer1.0.conv1.weight')
      ? resnetConfig
      : visionTransformerConfig
  const vision = towerOf(tensors, first('visionHeads'))
  const pixels = first('pixels')
  const config: ClipConfig = {
    embedDim,
    vision,
    text: textConfig(tensors, first('textHeads')),
    activation: first('activation') ?? (weights.naming === 'open_clip' ? 'exact' : 'quick'),
    ...(pixels && !isClipPixels(pixels) ? { pixels } : {}),
  }
  checkShapes(weights.entries, config, source)
  for (const file of stated) checkSizes(file, config, source)
  return config
}

function checkSizes({ source: file, tower, sizes }: StatedConfig, config: ClipConfig, source: string): void {
  const { title } = towerTraits(config.vision)
  if (tower !== undefined && tower !== title) {
    throw new WeightsError(
      `${file}: names an image tower ${tower}, but the tensors of ${source} are of ${title}`,
      {
        hint: 'The configuration belongs to another model.',
      },
    )
  }
  for (const { key, value, actual } of sizes) {
    const found = actual(config)
    if (found === undefined || found === value) continue
    throw new WeightsError(`${file}: ${key} is ${value}, but the tensors of ${source} have ${found}`, {
      hint: 'The configuration belongs to another model, or the weights are incomplete.',
    })
  }
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

const EVA02_PATCHES = 'visual.trunk.patch_embed.proj.weight'
/** What other image towers of timm have not: query, key and value apart. */
const eva02Query = /^visual\.trunk\.blocks\.\d+\.attn\.q_proj\.weight$/

function eva02Config(tensors: Tensors, statedHeads: number | undefined): Eva02Config {
  const width = tensors.size(EVA02_PATCHES, 0)
  const patchSize = tensors.size(EVA02_PATCHES, 2)
  const heads = tensors.heads(EVA02_PATCHES, width, statedHeads)
  if (width % (4 * heads) !== 0) {
    throw new WeightsError(
      `${tensors.source}: ${heads} attention heads of width ${width / heads}, expected a multiple of 4 for rotary positions`,
    )
  }
  return {
    kind: 'eva02',
    resolution: tensors.grid('visual.trunk.pos_embed') * patchSize,
    patchSize,
    width,
    layers: tensors.count(/^visual\.trunk\.blocks\.(\d+)\./),
    heads,
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
    readonly source: string,
  ) {}

  has(name: string): boolean {
    return this.entries.has(name)
  }

  hasLike(pattern: RegExp): boolean {
    return [...this.entries.keys()].some((name) => pattern.test(name))
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
