import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { typesMissing } from './support/door-types.js'

const root = resolve(import.meta.dirname, '..')
const doors = ['', '/core', '/core/export', '/lab', '/web']
const built = (door: string) => join(root, `dist${door}/index`)

describe.each(doors)('the door promptsrc%s', (door) => {
  it('exports every type that occurs in what it exports', () => {
    expect(typesMissing(`${built(door)}.d.ts`)).toEqual([])
  })

  it('exports values in a number that a head can hold', async () => {
    expect(Object.keys(await import(`${built(door)}.js`)).length).toBeLessThanOrEqual(45)
  })
})

describe('the types of a package that depends on promptsrc', () => {
  const folder = mkdtempSync(join(tmpdir(), 'promptsrc-consumer-'))
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  symlinkSync(root, join(folder, 'node_modules/promptsrc'))
  symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(join(folder, 'app.ts'), application)
  writeFileSync(join(folder, 'page.ts'), page)
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    ['app.ts', 'node', 'node16', 'node16'],
    ['app.ts', 'node', 'esnext', 'bundler'],
    ['page.ts', '', 'node16', 'node16'],
    ['page.ts', '', 'esnext', 'bundler'],
  ])(
    'are right in %s with types "%s", module %s and resolution %s',
    (file, types, module, resolution) => {
      const options = [
        '--strict',
        '--noEmit',
        '--target',
        'es2022',
        '--lib',
        'es2023,dom,dom.iterable',
        '--types',
        types,
      ]
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      expect(run([tsc, ...options, '--module', module, '--moduleResolution', resolution, file], folder)).toBe(
        '',
      )
    },
    120_000,
  )
})

const run = (call: string[], cwd: string): string => {
  try {
    return execFileSync(process.execPath, call, { cwd, encoding: 'utf8' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

/** What an application on a server does, its types named. Libraries are checked, too. */
const application = `
import { type Classifier, type Clip, loadModel, type Method, type Model, predict, type Runtime } from 'promptsrc'
import { type Engine, localEngine, type ResultTable } from 'promptsrc/lab'

export async function use(): Promise<Clip> {
  const model: Model = await loadModel('tiny', { threads: 1 })
  const runtime: Runtime = model.runtime
  await runtime.close()
  return model.clip
}
export async function names(classifier: Classifier): Promise<string[]> {
  const found: string[] = []
  for await (const { classes } of predict(classifier, ['a.jpg'])) found.push(classes[0]!.className)
  return found
}
export const engine = (unit: Parameters<typeof localEngine>[0]): Engine => localEngine(unit)
export type Known = [Method, ResultTable]
`

/** What a page does: no types of Node are there. */
const page = `
import { graph, type Model, type Tensor, Trainer, trainPrompts } from 'promptsrc/core'
import { loadModel } from 'promptsrc/web'

export const square = (x: Tensor): Tensor => graph.mul(x, x)
export const tiny = (): Promise<Model> => loadModel('/tiny/')
export type Known = [Trainer, typeof trainPrompts]
`
