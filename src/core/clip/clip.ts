import { constant, type Tensor } from '../graph/index.js'
import { clipPixels, type Preprocessing } from '../image/preprocess.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { type BlockShape, foldedBlockWeights } from './block-weights.js'
import type { ClipConfig } from './config.js'
import { architectureOf } from './towers/architectures.js'
import { type TextTowerWeights, textTowerWeights } from './towers/text-tower.js'
import type { ImageTower, VisualPrompts } from './towers/tower.js'
import type { ClipTensors } from './weights.js'

/** What a CLIP model consists of. */
export interface ClipParts {
  readonly config: ClipConfig
  readonly tensors: ClipTensors
  readonly tokenizer: Tokenizer
  /** Name by which the model is found again: `tiny`, `ViT-B/16`, a repository, a path. */
  readonly name: string
}

/** A frozen CLIP model: its configuration, weights and tokenizer, and its towers as graph functions. */
export class Clip {
  readonly config: ClipConfig
  readonly tensors: ClipTensors
  readonly tokenizer: Tokenizer
  readonly name: string
  readonly textWeights: TextTowerWeights
  readonly imageTower: ImageTower

  constructor({ config, tensors, tokenizer, name }: ClipParts) {
    this.config = config
    this.tensors = tensors
    this.tokenizer = tokenizer
    this.name = name
    const get = (name: string) => constant(name, tensors.shape(name), () => tensors.read(name))
    const block = (prefix: string, shape: BlockShape) => foldedBlockWeights(tensors, prefix, shape)
    const { vision, activation } = config
    this.textWeights = textTowerWeights(config, get, block)
    this.imageTower = architectureOf(vision).build({ config: vision, activation, tensors, get, block })
  }

  /** How images become its input. */
  get preprocessing(): Preprocessing {
    return { ...(this.config.pixels ?? clipPixels), size: this.resolution }
  }

  /** Side of the square images it takes, in pixels. */
  get resolution(): number {
    return this.config.vision.resolution
  }

  /** Image features of normalised pixels [B, 3, R, R], not normalised: [B, embedDim]. See {@link ImageTower.features}. */
  imageFeatures(images: Tensor, prompts?: VisualPrompts): Tensor {
    return this.imageTower.features(images, prompts)
  }

  /** exp(logit_scale): the factor of the cosine similarities, as a scalar constant. */
  logitScale(): Tensor {
    const load = async () => (await this.tensors.read('logit_scale')).map(Math.exp)
    return constant('exp(logit_scale)', [], load, { owner: this })
  }

  /** Token embeddings without positions: [ids, width]. */
  embedTokens(ids: readonly number[]): Promise<Float32Array> {
    return this.tensors.readRows('token_embedding.weight', ids)
  }

  /** Position embeddings from..to as a constant: [to - from, width]. */
  positions(from: number, to: number): Tensor {
    const rows = Array.from({ length: to - from }, (_, i) => from + i)
    const load = () => this.tensors.readRows('positional_embedding', rows)
    const shape = [to - from, this.config.text.width]
    return constant(`positional_embedding[${from}:${to}]`, shape, load, { owner: this })
  }

  /** The start token's embedding with its position: [1, width]. */
  startToken(): Tensor {
    const load = async () => {
      const position = await this.tensors.readRows('positional_embedding', [0])
      return (await this.embedTokens([this.tokenizer.startToken])).map((value, i) => value + position[i]!)
    }
    return constant('start_token', [1, this.config.text.width], load, { owner: this })
  }
}
