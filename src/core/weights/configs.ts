import { readHuggingFaceConfig, readPreprocessorConfig } from './config-huggingface.js'
import { readOpenClipConfig } from './config-open-clip.js'
import type { Naming } from './names.js'
import type { StatedConfig } from './stated-config.js'

/** A configuration file as it was found, parsed. */
export interface FoundConfig {
  /** For messages. */
  readonly path: string
  readonly json: unknown
}

/** Names of configuration files. */
export type ConfigName = 'config.json' | 'open_clip_config.json' | 'preprocessor_config.json'

/**
 * What the configuration files that belong to weights of such names state, the file that counts first: a folder may hold
 * those of both libraries. How images are made square and normalised, either library's models may say by
 * `preprocessor_config.json`.
 *
 * @param find the file of a name beside the weights, where there is one
 * @throws WeightsError when one is damaged or asks for what cannot be computed
 */
export async function statedConfigs(
  naming: Naming,
  find: (name: ConfigName) => Promise<FoundConfig | undefined>,
): Promise<StatedConfig[]> {
  const [name, read] =
    naming === 'huggingface'
      ? (['config.json', readHuggingFaceConfig] as const)
      : (['open_clip_config.json', readOpenClipConfig] as const)
  const model = await find(name)
  const stated = model ? [read(model.path, model.json)] : []
  if (stated.some(({ pixels }) => pixels)) return stated
  const images = await find('preprocessor_config.json')
  return images ? [...stated, readPreprocessorConfig(images.path, images.json)] : stated
}
