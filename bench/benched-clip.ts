import type { Clip } from '../src/core/clip/clip.js'
import type { Tokenizer } from '../src/core/tokenizer/tokenizer.js'
import { backbones, randomClip, wordTokenizer } from '../src/core/weights/random-clip.js'
import { embedded } from '../src/node/hub/resolve-model.js'
import { loadModel } from '../src/node/model.js'

/** Sizes of a model whose steps are benched. */
export interface BenchedSizes {
  /** A published model's name, `tiny` or `emoji`. */
  readonly backbone: string
  /** Side of images, and blocks of the image tower (of a Vision Transformer). Default: the backbone's. */
  readonly resolution?: number | undefined
  readonly layers?: number | undefined
}

/** The embedded models, opened once and read as long as the process runs. */
const opened = new Map<string, Promise<Clip>>()

/**
 * A CLIP of a published model's sizes with random weights; `tiny` and `emoji` are the embedded ones.
 *
 * @throws RangeError for a backbone that is not known, or sizes that it does not have
 */
export async function benchedClip({ backbone, resolution, layers }: BenchedSizes): Promise<Clip> {
  if (embedded.includes(backbone)) {
    const clip = opened.get(backbone) ?? loadModel(backbone).then(({ clip }) => clip)
    opened.set(backbone, clip)
    return clip
  }
  if (!Object.hasOwn(backbones, backbone)) {
    const known = [...embedded, ...Object.keys(backbones)]
    throw new RangeError(`unknown backbone ${backbone}; there are ${known.join(', ')}`)
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
