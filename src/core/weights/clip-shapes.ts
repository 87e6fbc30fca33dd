import type { ClipConfig, TextConfig } from '../clip/config.js'
import { architectureOf } from '../clip/towers/architectures.js'
import { type NamedShape, normTensors, type Shape, transformerTensors } from '../clip/towers/tower.js'
import { WeightsError } from '../errors.js'
import type { WeightEntry } from './state-dict.js'

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
  for (const [name, expected] of requiredTensors(config, (name) => weights.get(name)?.shape)) {
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
        hint: 'Supported are CLIP models with a Vision Transformer, ModifiedResNet or EVA02 and a text Transformer.',
      },
    )
  }
}

/**
 * The tensors that a configuration calls for, by canonical name.
 *
 * @param shapeOf the shape that a tensor has in the model, for sizes that are free
 */
export function* requiredTensors(
  config: ClipConfig,
  shapeOf: (name: string) => Shape | undefined,
): Generator<NamedShape> {
  const { text, vision, embedDim } = config
  yield ['logit_scale', []]
  yield* textTensors(text, embedDim, shapeOf)
  yield* architectureOf(vision).tensors(vision, embedDim, shapeOf)
}

function* textTensors(
  text: TextConfig,
  embedDim: number,
  shapeOf: (name: string) => Shape | undefined,
): Generator<NamedShape> {
  const { contextLength, vocabSize, width } = text
  yield ['token_embedding.weight', [vocabSize, width]]
  yield ['positional_embedding', [contextLength, width]]
  yield* transformerTensors('transformer', text, shapeOf)
  yield* normTensors('ln_final', width)
  yield ['text_projection', [width, embedDim]]
}
