import type { ClipConfig, ResNetConfig, TextConfig, VisionTransformerConfig } from '../clip/config.js'
import { WeightsError } from '../errors.js'
import type { WeightEntry } from './state-dict.js'

type Shape = readonly number[]
type NamedShape = readonly [name: string, shape: Shape]
type Weights = ReadonlyMap<string, WeightEntry>

/**
 * Checks that a model has every tensor its configuration calls for, in the right shape, and none that it does not know:
 * an unknown one belongs to an architecture that would compute something else.
 *
 * @param weights in canonical names
 * @param source what to call the file in messages
 * @throws WeightsError that names the tensor, the shape found and the shape expected
 */
export function checkShapes(weights: Weights, config: ClipConfig, source: string): void {
  const known = new Set<string>()
  for (const [name, expected] of requiredTensors(config, weights)) {
    known.add(name)
    const found = weights.get(name)?.shape
    if (!found) {
      throw new WeightsError(
        `${source}: tensor "${name}" is missing, expected it with shape [${expected.join(', ')}]`,
      )
    }
    const isScalar = expected.length === 0 && found.length === 1 && found[0] === 1
    if (found.join() !== expected.join() && !isScalar) {
      throw new WeightsError(
        `${source}: tensor "${name}" has shape [${found.join(', ')}], expected [${expected.join(', ')}]`,
        { hint: 'The tensors of this file do not fit together as a CLIP model.' },
      )
    }
  }
  for (const [name, { shape }] of weights) {
    if (known.has(name)) continue
    throw new WeightsError(
      `${source}: tensor "${name}" of shape [${shape.join(', ')}] is not part of a CLIP model`,
      {
        hint: 'Supported are CLIP models with a Vision Transformer or ModifiedResNet and a text Transformer.',
      },
    )
  }
}

function* requiredTensors(config: ClipConfig, weights: Weights): Generator<NamedShape> {
  yield ['logit_scale', []]
  yield* textTensors(config.text, config.embedDim, weights)
  yield* config.vision.kind === 'vit'
    ? visionTransformerTensors(config.vision, config.embedDim, weights)
    : resnetTensors(config.vision, config.embedDim)
}

function* textTensors(text: TextConfig, embedDim: number, weights: Weights): Generator<NamedShape> {
  const { contextLength, vocabSize, width, layers } = text
  yield ['token_embedding.weight', [vocabSize, width]]
  yield ['positional_embedding', [contextLength, width]]
  yield* transformerTensors('transformer', width, layers, weights)
  yield* normTensors('ln_final', width)
  yield ['text_projection', [width, embedDim]]
}

function* visionTransformerTensors(
  vision: VisionTransformerConfig,
  embedDim: number,
  weights: Weights,
): Generator<NamedShape> {
  const { width, layers, patchSize, resolution } = vision
  const grid = resolution / patchSize
  yield ['visual.conv1.weight', [width, 3, patchSize, patchSize]]
  yield ['visual.class_embedding', [width]]
  yield ['visual.positional_embedding', [grid * grid + 1, width]]
  yield* normTensors('visual.ln_pre', width)
  yield* transformerTensors('visual.transformer', width, layers, weights)
  yield* normTensors('visual.ln_post', width)
  yield ['visual.proj', [width, embedDim]]
}

/** The width inside the MLP is free (4 times the width in OpenAI's models); it is what the first block says. */
function* transformerTensors(
  prefix: string,
  width: number,
  layers: number,
  weights: Weights,
): Generator<NamedShape> {
  const inner = weights.get(`${prefix}.resblocks.0.mlp.c_fc.weight`)?.shape[0] ?? 4 * width
  for (let layer = 0; layer < layers; layer++) {
    const block = `${prefix}.resblocks.${layer}`
    yield* normTensors(`${block}.ln_1`, width)
    yield [`${block}.attn.in_proj_weight`, [3 * width, width]]
    yield [`${block}.attn.in_proj_bias`, [3 * width]]
    yield* linearTensors(`${block}.attn.out_proj`, width, width)
    yield* normTensors(`${block}.ln_2`, width)
    yield* linearTensors(`${block}.mlp.c_fc`, inner, width)
    yield* linearTensors(`${block}.mlp.c_proj`, width, inner)
  }
}

function* resnetTensors(
  { width, stages, resolution }: ResNetConfig,
  embedDim: number,
): Generator<NamedShape> {
  const half = width / 2
  yield* convolutionTensors('visual', 'conv1', 'bn1', [half, 3, 3, 3])
  yield* convolutionTensors('visual', 'conv2', 'bn2', [half, half, 3, 3])
  yield* convolutionTensors('visual', 'conv3', 'bn3', [width, half, 3, 3])
  let channels = width
  for (const [stage, blocks] of stages.entries()) {
    const inner = width * 2 ** stage
    for (let i = 0; i < blocks; i++) {
      const block = `visual.layer${stage + 1}.${i}`
      yield* convolutionTensors(block, 'conv1', 'bn1', [inner, channels, 1, 1])
      yield* convolutionTensors(block, 'conv2', 'bn2', [inner, inner, 3, 3])
      yield* convolutionTensors(block, 'conv3', 'bn3', [4 * inner, inner, 1, 1])
      if (i === 0)
        yield* convolutionTensors(block, 'downsample.0', 'downsample.1', [4 * inner, channels, 1, 1])
      channels = 4 * inner
    }
  }
  const cells = (resolution / 32) ** 2
  yield ['visual.attnpool.positional_embedding', [cells + 1, channels]]
  for (const name of ['q_proj', 'k_proj', 'v_proj']) {
    yield* linearTensors(`visual.attnpool.${name}`, channels, channels)
  }
  yield* linearTensors('visual.attnpool.c_proj', embedDim, channels)
}

function* convolutionTensors(block: string, conv: string, bn: string, shape: Shape): Generator<NamedShape> {
  yield [`${block}.${conv}.weight`, shape]
  for (const name of ['weight', 'bias', 'running_mean', 'running_var'])
    yield [`${block}.${bn}.${name}`, [shape[0]!]]
}

function* linearTensors(name: string, outputs: number, inputs: number): Generator<NamedShape> {
  yield [`${name}.weight`, [outputs, inputs]]
  yield [`${name}.bias`, [outputs]]
}

function* normTensors(name: string, width: number): Generator<NamedShape> {
  yield [`${name}.weight`, [width]]
  yield [`${name}.bias`, [width]]
}
