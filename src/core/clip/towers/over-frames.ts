import { mean, reshape, type Tensor } from '../../graph/index.js'
import type { ImageTower } from './tower.js'

/**
 * An image tower that takes clips, [B, 3 frames, R, R] with the pictures of a clip one behind the other: each frame goes
 * through the tower by itself, and what becomes of the frames is averaged over time before anything is normalised
 * (ViFi-CLIP, section 3.1). There is no other exchange between frames, so their order is not seen.
 *
 * What is pooled and inserted tokens are averaged likewise: behind them there are linear maps alone.
 */
export function overFrames(tower: ImageTower, frames: number): ImageTower {
  const [channels, height, width] = tower.inputs
  const pictures = (clips: Tensor) => reshape(clips, [clips.dim(0) * frames, channels, height, width])
  const overTime = (x: Tensor) => mean(reshape(x, [x.dim(0) / frames, frames, ...x.shape.slice(1)]), [1])
  const { withTokens, states, pooledFrom } = tower
  return {
    ...tower,
    inputs: [frames * channels, height, width],
    grid: undefined,
    features: (clips, prompts, observe) => overTime(tower.features(pictures(clips), prompts, observe)),
    pooled: (clips) => overTime(tower.pooled(pictures(clips))),
    ...(withTokens
      ? {
          withTokens(clips, inserted) {
            const { pooled, tokens } = withTokens(pictures(clips), inserted)
            return { pooled: overTime(pooled), tokens: overTime(tokens) }
          },
        }
      : {}),
    ...(states && pooledFrom
      ? {
          states: (clips, block) => reshape(states(pictures(clips), block), [clips.dim(0), -1]),
          pooledFrom: (read, block) => overTime(pooledFrom(reshape(read, [read.dim(0) * frames, -1]), block)),
        }
      : {}),
    activations: (clips) => tower.activations(pictures(clips)),
  }
}
