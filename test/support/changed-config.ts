import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll } from 'vitest'
import { openClip } from '../../src/node/weights/load-clip.js'
import { extractGolden, goldenPath, temporaryFolder } from './golden-files.js'

/** Whose files a model comes in. */
export type Kind = 'hf' | 'open_clip'

/** Weights below the golden containers, and the configuration beside them. */
export const files = {
  hf: ['hf_vitB/model.safetensors', 'config.json'],
  open_clip: ['open_clip_vitB/open_clip_model.safetensors', 'open_clip_config.json'],
} as const

/** Folders with the reference model in each form, filled before the tests that import this. */
export const folders = {} as Record<Kind, string>

beforeAll(() => {
  for (const kind of ['hf', 'open_clip'] as const) {
    folders[kind] = join(temporaryFolder(), kind)
    mkdirSync(folders[kind])
    extractGolden(`containers/${files[kind][0]}`, folders[kind])
  }
})

/** Writes the configuration of the reference model with other values at some keys; undefined removes one. */
export function changeConfig(kind: Kind, changes: Readonly<Record<string, unknown>>): string {
  const name = files[kind][1]
  const json = JSON.parse(readFileSync(goldenPath(`containers/${kind}_vitB/${name}`), 'utf8'))
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.')
    const last = keys.pop() as string
    const target = keys.reduce((object, key) => object[key], json)
    target[last] = value
  }
  writeFileSync(join(folders[kind], name), JSON.stringify(json))
  return folders[kind]
}

/** What is read of a configuration with other values. */
export async function configWith(kind: Kind, changes: Readonly<Record<string, unknown>>) {
  const { config, close } = await openClip(changeConfig(kind, changes))
  await close()
  return config
}
