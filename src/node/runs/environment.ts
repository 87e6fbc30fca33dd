import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, platform, release, totalmem } from 'node:os'

/** What a result depends on beside its settings. */
export interface Environment {
  readonly promptsrc: string
  readonly node: string
  readonly onnxruntime: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
}

/** Version of this package. */
export function packageVersion(): string {
  return version(new URL('../../../package.json', import.meta.url))
}

/** The machine and the versions in use. */
export function environment(): Environment {
  const require = createRequire(import.meta.url)
  const cores = cpus()
  return {
    promptsrc: packageVersion(),
    node: process.version,
    onnxruntime: version(require.resolve('onnxruntime-node/package.json')),
    platform: `${platform()} ${release()} ${process.arch}`,
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  }
}

function version(file: URL | string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
