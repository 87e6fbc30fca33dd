import { ConfigError } from '../errors.js'
import { add, constant, slice, sub, type Tensor } from '../graph/index.js'
import { clipPixels, type Preprocessing } from '../image/preprocess.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { requiredTensors } from '../weights/clip-shapes.js'
import {
  type BlockShape,
  type BlockWeights,
  foldedBlockWeights,
  type Tuning,
  touches,
  tunedBlockWeights,
} from './block-weights.js'
import type { ClipConfig } from './config.js'
import { architectureOf } from './towers/architectures.js'
import { overFrames } from './towers/over-frames.js'
import { type TextTowerWeights, textTowerWeights } from './towers/text-tower.js'
import type { ImageTower, NamedShape, VisualPrompts } from './towers/tower.js'
import { type ClipTensors, derivedFrom, readInto } from './weights.js'

/** What a CLIP model consists of. */
export interface ClipParts {
  readonly config: ClipConfig
  readonly tensors: ClipTensors
  readonly tokenizer: Tokenizer
  /** Name by which the model is found again: `tiny`, `ViT-B/16`, a repository, a path. */
  readonly name: string
}

/** Of the word embeddings a step reads a few rows; the logit scale belongs to no tower. */
const NEVER_TUNED: ReadonlySet<string> = new Set(['token_embedding.weight', 'logit_scale'])

/** The towers that a model is tuned from, whose untouched weights it shares, and what is tuned. */
export interface TunedFrom {
  readonly frozen: Clip
  readonly tuning: Tuning
}

/** A CLIP model, frozen unless it is tuned: its configuration, weights and tokenizer, and its towers as graph functions. */
export class Clip {
  readonly config: ClipConfig
  readonly tensors: ClipTensors
  readonly tokenizer: Tokenizer
  readonly name: string
  readonly textWeights: TextTowerWeights
  readonly imageTower: ImageTower
  private readonly constants = new Map<string, Tensor>()
  private readonly blocks = new Map<string, BlockWeights>()
  private readonly learned: ReadonlyMap<string, Tensor>

  constructor({ config, tensors, tokenizer, name }: ClipParts, tuned?: TunedFrom) {
    this.config = config
    this.tensors = tensors
    this.tokenizer = tokenizer
    this.name = name
    this.learned = tuned?.tuning.weights ?? new Map()
    const get = (name: string) => this.learned.get(name) ?? (tuned?.frozen ?? this).constantOf(name)
    const block = (prefix: string, shape: BlockShape) => {
      if (tuned && touches(tuned.tuning, prefix)) {
        return tunedBlockWeights(tensors, tuned.tuning, prefix, shape)
      }
      return (tuned?.frozen ?? this).foldedBlock(prefix, shape)
    }
    const { vision, activation, frames } = config
    this.textWeights = textTowerWeights(config, get, block)
    const tower = architectureOf(vision).build({ config: vision, activation, tensors, get, block })
    this.imageTower = frames === undefined ? tower : overFrames(tower, frames)
  }

  /**
   * This model with tensors of a graph in the place of some of its own, for training them: gradients pass to these, and the
   * rest stays the constants of this model. Its word embeddings and logit scale stay.
   *
   * @throws ConfigError where it has no such tensor that could be tuned
   */
  tuned(tuning: Tuning): Clip {
    const tunable = new Set(this.tunable().map(([name]) => name))
    for (const name of tuning.weights.keys()) {
      if (tunable.has(name)) continue
      throw new ConfigError(`${this.name} has no tensor ${name} that could be trained`, {
        hint: 'Those of its Transformers can be, but not word embeddings and logit scale.',
      })
    }
    return new Clip(this, { frozen: this, tuning })
  }

  /**
   * The tensors that {@link Clip.tuned} takes, with their shapes: those of the text tower but its word embeddings, and those
   * of an image tower that says it can be tuned.
   */
  tunable(): NamedShape[] {
    const { config, tensors, imageTower } = this
    const all = [...requiredTensors(config, (name) => tensors.shape(name))]
    return all.filter(
      ([name]) => !NEVER_TUNED.has(name) && (imageTower.tunable || !name.startsWith('visual.')),
    )
  }

  /** A tensor by its canonical name, as one constant. */
  private constantOf(name: string): Tensor {
    const { tensors, constants } = this
    const known =
      constants.get(name) ??
      constant(
        name,
        tensors.shape(name),
        (into) => (into ? readInto(tensors, name, into) : tensors.read(name)),
        { derived: derivedFrom(tensors, name, ['tensor', name]) },
      )
    constants.set(name, known)
    return known
  }

  private foldedBlock(prefix: string, shape: BlockShape): BlockWeights {
    const known = this.blocks.get(prefix) ?? foldedBlockWeights(this.tensors, prefix, shape)
    this.blocks.set(prefix, known)
    return known
  }

  /** How images become its input. */
  get preprocessing(): Preprocessing {
    const { pixels, frames } = this.config
    return { ...(pixels ?? clipPixels), size: this.resolution, ...(frames === undefined ? {} : { frames }) }
  }

  /** Side of the square images it takes, in pixels. */
  get resolution(): number {
    return this.config.vision.resolution
  }

  /**
   * Image features of normalised pixels [B, 3, R, R], of clips [B, 3 frames, R, R], not normalised: [B, embedDim]. See
   * {@link ImageTower.features}.
   */
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

  /** Position embeddings from..to: [to - from, width]. */
  positions(from: number, to: number): Tensor {
    const learned = this.learned.get('positional_embedding')
    return learned ? slice(learned, 0, from, to) : this.ownPositions(from, to)
  }

  /** How far position embeddings are tuned: [contextLength, width]; undefined where they are the model's own. */
  movedPositions(): Tensor | undefined {
    const learned = this.learned.get('positional_embedding')
    return learned && sub(learned, this.ownPositions(0, this.config.text.contextLength))
  }

  private ownPositions(from: number, to: number): Tensor {
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
    const own = constant('start_token', [1, this.config.text.width], load, { owner: this })
    const moved = this.movedPositions()
    return moved ? add(own, slice(moved, 0, 0, 1)) : own
  }
}
