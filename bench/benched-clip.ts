import type { Clip } from '../src/core/clip/clip.js'
import type { Tokenizer } from '../src/core/tokenizer/tokenizer.js'
import { backbones, randomClip, wordTokenizer } from '../src/core/weights/random-clip.js'
import { loadModel } from '../src/node/model.js'

/** Sizes of a model whose steps are benched. */
export interface BenchedSizes {
  /** A published model's name, or `tiny`. */
  readonly backbone: string
  /** Side of images, and blocks of the image tower (of a Vision Transformer). Default: the backbone's. */
  readonly resolution?: number | undefined
  readonly layers?: number | undefined
}

/** Opened once and read as long as the process runs. */
let tiny: Promise<Clip> | undefined

/**
 * A CLIP of a published model's sizes with random weights; `tiny` is the embedded model.
 *
 * @throws RangeError for a backbone that is not known, or sizes that it does not have
 */
export async function benchedClip({ backbone, resolution, layers }: BenchedSizes): Promise<Clip> {
  if (backbone === 'tiny') {
    tiny ??= loadModel('tiny').then(({ clip }) => clip)
    return tiny
  }
  if (!Object.hasOwn(backbones, backbone)) {
    throw new RangeError(`unknown backbone ${backbone}; there are tiny, ${Object.keys(backbones).join(', ')}`)
  }
  const config = backbones[backbone as keyof typeof backbones]
  if (resolution === undefined && layers === undefined) return randomClip(config, wordTokenizer as Tokenizer)
  if (config.vision.kind !== 'vit') throw new RangeError(`${backbone} has no blocks`)
  const vision = {
    ...config.vision,
    ...(resolution === undefined ? {} : { resolution }),
    ...(layers === undefined ? {} : { layers }),
  }
  return randomClip({ ...config, vision }, wordTokenizer as Tokenizer)
}
