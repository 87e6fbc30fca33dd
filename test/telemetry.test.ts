import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

// ONNX Runtime's telemetry writes into the home folder before it sends anything, and is silent under CI.

const dist = fileURLToPath(new URL('../dist', import.meta.url))
let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'promptsrc-home-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function node(args: readonly string[], more: NodeJS.ProcessEnv = {}): string {
  const { CI: _, GITHUB_ACTIONS: _1, XDG_CACHE_HOME: _2, ORT_DISABLE_TELEMETRY: _3, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: home,
    env: { ...env, HOME: home, ...more },
    encoding: 'utf8',
  })
  expect(status, stderr).toBe(0)
  return stdout
}

const written = () => readdirSync(home, { recursive: true, encoding: 'utf8' })

it('a command that computes leaves nothing in the home folder', () => {
  const out = node([join(dist, 'cli/main.js'), 'zero-shot', 'toy', '--model', 'tiny', '--threads', '1'])
  expect(out).toMatch(/^accuracy/m)
  expect(written()).toEqual([])
})

it.each(['true', 'false'])('nor does a program that uses the library (in a worker: %s)', (worker) => {
  const code = `
    import { zeroShotClassifier, loadModel } from '${dist}/index.js'
    import { nodeRuntime } from '${dist}/node/runtime/node-runtime.js'
    const model = await loadModel('tiny')
    const runtime = nodeRuntime({ threads: 1, worker: ${worker} })
    const { clip } = model
    const classifier = await zeroShotClassifier({ clip, runtime, classNames: ['cat'] }, ['a {}'])
    const { logits } = await classifier.classify(new Float32Array(3 * clip.resolution ** 2))
    console.log(logits.length)`
  expect(node(['--input-type=module', '-e', code])).toBe('1\n')
  expect(written()).toEqual([])
})

it('what the user says of telemetry stands', () => {
  const code = `await import('${dist}/index.js'); console.log(process.env.ORT_DISABLE_TELEMETRY)`
  const said = (value: string) => node(['--input-type=module', '-e', code], { ORT_DISABLE_TELEMETRY: value })
  expect(said('0')).toBe('0\n')
  expect(said('')).toBe('1\n')
})
