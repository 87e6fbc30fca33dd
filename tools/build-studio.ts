import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { palette } from '../src/pages/stylesheet.js'

// Builds the page of the studio into dist/studio: script, style with the colours of all pages, and what is as it is.
const root = fileURLToPath(new URL('..', import.meta.url))
const from = join(root, 'src/studio')
const to = join(root, 'dist/studio')

/**
 * ONNX Runtime is not part of the page: whoever builds the page for a tab has it installed, and its script must be of the same
 * version as its WebAssembly. No page asks for the build with WebGPU.
 */
const onnxRuntime: Plugin = {
  name: 'onnxruntime-web',
  setup({ onResolve }) {
    onResolve({ filter: /^onnxruntime-web\// }, ({ path }) => ({
      path: path === 'onnxruntime-web/wasm' ? './ort/ort.wasm.min.mjs' : path,
      external: true,
    }))
  },
}

await mkdir(to, { recursive: true })
const { metafile } = await build({
  metafile: true,
  absWorkingDir: root,
  entryPoints: {
    studio: join(from, 'main.tsx'),
    style: join(from, 'studio.css'),
    worker: join(root, 'src/web/worker.ts'),
  },
  plugins: [onnxRuntime],
  outdir: to,
  bundle: true,
  minify: true,
  format: 'esm',
  splitting: true,
  platform: 'browser',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'linked',
  logLevel: 'warning',
})
await writeFile(join(to, 'studio.css'), palette + (await readFile(join(to, 'style.css'), 'utf8')))
await rm(join(to, 'style.css'))
for (const name of ['index.html', 'icon.svg']) await copyFile(join(from, name), join(to, name))

/** Packages whose code is in the page, and what a page built for the tab has beside it. */
const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  ),
).add('onnxruntime-web')
const licences = await Promise.all(
  [...packages].sort().map(async (name) => {
    const folder = join(root, 'node_modules', name)
    const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file ? await readFile(join(folder, file), 'utf8') : ''
    return `${name} ${version}, ${license}\n\n${text}`.trim()
  }),
)
await writeFile(
  join(to, 'THIRD-PARTY.txt'),
  `The scripts of this page hold parts of these packages.\n\n${licences.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`,
)
