import type { VisionConfig } from '../config.js'
import { eva02 } from './eva02-tower.js'
import { visionTransformer } from './image-tower.js'
import { modifiedResNet } from './resnet-tower.js'
import type { TowerArchitecture, TowerTraits } from './tower.js'

type ConfigOf<Kind> = Extract<VisionConfig, { readonly kind: Kind }>

const architectures: { readonly [Kind in VisionConfig['kind']]: TowerArchitecture<ConfigOf<Kind>> } = {
  vit: visionTransformer,
  resnet: modifiedResNet,
  eva02,
}

/** The kind of image tower that a configuration is of. The one place that asks: everybody else asks what the tower can. */
export function architectureOf({ kind }: VisionConfig): TowerArchitecture<VisionConfig> {
  return architectures[kind]
}

/** What the image tower of a configuration can. */
export function towerTraits(config: VisionConfig): TowerTraits {
  return architectureOf(config).traits(config)
}
