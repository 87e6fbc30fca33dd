import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError, UserError } from '../../core/errors.js'
import type { ModelChoice } from '../../core/studio/place.js'
import { writeFileAtomic } from '../../node/files/atomic.js'
import { type DownloadProgress, resolveModel } from '../../node/hub/resolve-model.js'
import { openClip } from '../../node/weights/load-clip.js'
import { CONTENT_POLICY } from './app.js'
import { proposed } from './models.js'

/** Options of {@link buildStatic}. */
export interface BuildOptions {
  /** Folder of the built page. */
  readonly page: string
  /** Models to put beside it, as other commands name them; the first is proposed. */
  readonly models: readonly string[]
  readonly signal?: AbortSignal
  readonly onProgress?: (event: DownloadProgress) => void
}

/** Files of a model that a page reads, the weights apart. */
const COMPANIONS = [
  'config.json',
  'open_clip_config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'vocab.json',
  'merges.txt',
]
const WEIGHTS = ['model.safetensors', 'open_clip_model.safetensors']

/** What servers of static files that read such a file send, for threads and against scripts of others. */
const headersFile = `/*
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
`

const assets = fileURLToPath(new URL('../../../assets', import.meta.url))

/**
 * Writes the studio as static files that compute in the tab: page, ONNX Runtime's WebAssembly, models and the drawings of the
 * example. Gives the bytes of all.
 *
 * @throws ConfigError where `onnxruntime-web` is not installed, a model is in no form that pages read, or the folder holds
 *   something else
 */
export async function buildStatic(to: string, { page, models, ...fetching }: BuildOptions): Promise<number> {
  await refuseOthers(to)
  const runtime = runtimeFolder()
  let bytes = 0
  const write = async (path: string, content: Uint8Array | string) => {
    bytes += content.length
    await writeFileAtomic(join(to, path), content)
  }
  const copy = async (from: string, path: string) => write(path, await readFile(from))

  const listed: (Omit<ModelChoice, 'here'> & { path: string })[] = []
  for (const name of models) {
    const { weights, companions } = await filesOf(name, fetching)
    const path = `models/${name.replaceAll(/[^\w.-]+/g, '-')}`
    for (const file of [weights, ...companions]) await copy(file, `${path}/${basename(file)}`)
    const known = proposed.find((each) => each.name === name)
    const size = (await stat(weights)).size
    listed.push({
      name,
      title: known?.title ?? name,
      about: known?.about ?? 'Beside this page.',
      bytes: size,
      path,
    })
  }
  await write('models.json', `${JSON.stringify(listed, null, 2)}\n`)
  for (const name of ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm']) {
    await copy(join(runtime, name), `ort/${name}`)
  }
  for (const name of await readdir(join(assets, 'emoji-art'))) {
    await copy(join(assets, 'emoji-art', name), `emoji-art/${name}`)
  }
  await write('_headers', headersFile)
  for (const name of await readdir(page)) {
    if (name !== 'index.html') await copy(join(page, name), name)
  }
  // The page last: what it asks for is there by then.
  const html = await readFile(join(page, 'index.html'), 'utf8')
  const policy = CONTENT_POLICY.replace(" frame-ancestors 'none';", '')
  await write(
    'index.html',
    html
      .replace('name="studio-place" content="computer"', 'name="studio-place" content="tab"')
      .replace('<title>', `<meta http-equiv="Content-Security-Policy" content="${policy}">\n<title>`),
  )
  return bytes
}

/** Nothing of the person's own is written over. */
async function refuseOthers(to: string): Promise<void> {
  const names = await readdir(to).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [] as string[]
    throw new UserError(`${to} cannot be read as a folder (${cause.code})`, {
      cause,
      hint: 'Name a new folder.',
    })
  })
  if (names.length === 0 || (names.includes('models.json') && names.includes('studio.js'))) return
  throw new ConfigError(`--build ${to}: the folder holds other files, such as ${names[0]}`, {
    hint: 'Name a folder that is new or empty.',
  })
}

function runtimeFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))
  } catch (cause) {
    throw new ConfigError('onnxruntime-web is not installed, which computes in a tab', {
      cause,
      hint: 'Install it beside promptsrc: npm install onnxruntime-web',
    })
  }
}

async function filesOf(
  name: string,
  fetching: Pick<BuildOptions, 'signal' | 'onProgress'>,
): Promise<{ weights: string; companions: string[] }> {
  const { path } = await resolveModel(name, fetching)
  const folder = (await stat(path)).isDirectory() ? path : dirname(path)
  const weights = WEIGHTS.map((file) => join(folder, file)).find((file) => existsSync(file))
  if (weights === undefined) {
    throw new ConfigError(
      `--model ${name}: ${path} cannot be read by a page, which takes ${WEIGHTS.join(' or ')}`,
      {
        hint: 'Choose a repository of the Hugging Face Hub with such weights, such as openai/clip-vit-base-patch32.',
      },
    )
  }
  // A file that is no CLIP is told now, not to whoever opens the page.
  const { close } = await openClip(weights)
  await close()
  return {
    weights,
    companions: COMPANIONS.map((file) => join(folder, file)).filter((file) => existsSync(file)),
  }
}
