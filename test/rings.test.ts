import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, it } from 'vitest'

/** What a ring may import beside itself. */
const allowed: Record<string, readonly string[]> = {
  core: [],
  node: ['core'],
  web: ['core'],
  exchange: ['node', 'core'],
  lab: ['node', 'core'],
  pages: ['lab', 'core'],
  server: ['node', 'core'],
  studio: ['web', 'core'],
  cli: ['core', 'node', 'exchange', 'lab', 'pages', 'server', 'studio'],
}
/** Imports that still run outwards. */
const open: readonly string[] = []

const source = resolve(import.meta.dirname, '../src')
const imported = /\b(?:from|import)\s*\(?\s*'([^']+)'|new URL\('(\.[^']+)', import\.meta/g

it('imports run from the outer rings to the inner ones, and core and web take nothing from Node', () => {
  const faults: string[] = []
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    const ring = file.split('/')[0]!
    if (!/(?<!\.test)\.tsx?$/.test(file) || !(ring in allowed)) continue
    for (const [, path, url] of readFileSync(join(source, file), 'utf8').matchAll(imported)) {
      const target = path ?? url!
      const to = target.startsWith('.') ? relative(source, resolve(source, dirname(file), target)) : target
      const inner =
        to.startsWith('..') ||
        !target.startsWith('.') ||
        [ring, ...allowed[ring]!].includes(to.split('/')[0]!)
      const browser =
        ['core', 'web', 'studio'].includes(ring) && /^(node:|sharp|onnxruntime-node)/.test(target)
      if (!inner || browser) faults.push(`${file} imports ${target}`)
    }
  }
  expect(faults.filter((fault) => !open.includes(fault))).toEqual([])
})

it('ONNX Runtime for Node is imported in one file, which turns its telemetry off first', () => {
  const importers = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      /\.ts$/.test(file) &&
      /(from|import\() ?'onnxruntime-node'/.test(readFileSync(join(source, file), 'utf8')),
  )
  expect(importers).toEqual(['node/runtime/onnxruntime.ts'])
})
