import type { ImageTower, VisualPrompts } from '../clip/towers/tower.js'
import { matmul, mean, softmax, swapLast, type Tensor } from '../graph/index.js'

/** Attention of one block of the image tower. */
export interface AttentionMap {
  /** Averaged over the heads: [B, queries, keys]. The last block has the class token's query alone. */
  readonly weights: Tensor
  /** Leading keys that are prompts of this block alone; see `BlockAttention`. */
  readonly fresh: number
}

/**
 * The attention of every block of the image tower, first block first, as the tower itself computes it.
 *
 * @param images normalised pixels [B, 3, R, R]
 * @param prompts visual prompts; without them, of frozen CLIP
 */
export function attentionMaps(tower: ImageTower, images: Tensor, prompts?: VisualPrompts): AttentionMap[] {
  const maps: AttentionMap[] = []
  tower.features(images, prompts, (queries, keys, fresh) => {
    maps.push({ weights: mean(softmax(matmul(queries, swapLast(keys))), [1]), fresh })
  })
  return maps
}
