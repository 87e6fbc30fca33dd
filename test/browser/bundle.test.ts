import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

interface Size {
  readonly minified: number
  readonly gzipped: number
}

/** The size of a source's bundle for browsers, in bytes. Anything of Node in it fails the build. */
async function bundleOf(source: string, external: readonly string[]): Promise<Size & { files: string[] }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    entryPoints: [source],
    external: [...external],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const { contents } = outputFiles[0]!
  const sizes = { minified: contents.length, gzipped: gzipSync(contents).length }
  return { ...sizes, files: Object.keys(metafile.inputs) }
}

it.for([
  ['src/core/index.ts', 'all of it', [], 100_000],
  ['src/core/index.ts', 'zod apart', ['zod'], 71_500],
  // The YAML parser is a chunk of its own, fetched when a page goes on with a run of the command line.
  ['src/web/index.ts', 'zod, YAML and ONNX Runtime apart', ['zod', 'yaml', 'onnxruntime-web'], 136_000],
  ['src/web/worker.ts', 'zod and ONNX Runtime apart', ['zod', 'onnxruntime-web'], 3_000],
] as const)('%s is bundled for browsers, %s', async ([source, , external, most], { annotate }) => {
  const { minified, gzipped, files } = await bundleOf(source, external)
  await annotate(`${(minified / 1000).toFixed(1)} kB minified, ${(gzipped / 1000).toFixed(1)} kB gzipped`)
  expect(gzipped).toBeLessThan(most)
  expect(files.filter((file) => file.startsWith('src/node/'))).toEqual([])
})
