import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { toySets } from '../../src/core/world/datasets.js'
import { expectRefused, promptsrc, promptsrcProcess } from '../support/command.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-toy-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('promptsrc toy', () => {
  it('lists the sets and the protocols', async () => {
    const { code, stdout } = await promptsrcProcess(folder, 'toy', '--list')
    expect(code).toBe(0)
    for (const [name, { summary, classNames }] of Object.entries(toySets)) {
      expect(stdout).toMatch(new RegExp(`^${name} +${classNames.length} .*  ${summary}$`, 'm'))
    }
    expect(stdout).toMatch(/^cross-dataset +toy-source to toy-pond, /m)
    expect(stdout).toMatch(/^few-shot .*1, 2, 4, 8, 16 shots$/m)
  })

  it('lists them as JSON with classes, templates and numbers of images', async () => {
    const { stdout } = await promptsrc(folder, 'toy', '--list', '--json')
    const { sets, protocols } = JSON.parse(stdout)
    expect(sets.find(({ name }: { name: string }) => name === 'toy-mosaic')).toMatchObject({
      template: 'a pixelated photo of a {}.',
      classNames: toySets['toy-mosaic']!.classNames,
      train: 280,
      test: 700,
    })
    expect(protocols['few-shot'].shots).toEqual([1, 2, 4, 8, 16])
    expect(sets.find(({ name }: { name: string }) => name === 'emoji-source')).toMatchObject({
      train: 2400,
      test: 1200,
    })
  })

  it('writes the set that is asked for', async () => {
    const { code, stdout } = await promptsrc(folder, 'toy', 'pond', '--set', 'toy-pond')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '840 images of 12 classes in pond\n' })
    const classes = toySets['toy-pond']!.classNames.map((name) => name.replaceAll(' ', '_')).sort()
    expect(readdirSync(join(folder, 'pond/train')).sort()).toEqual(classes)
    expect(readdirSync(join(folder, 'pond/test', classes[0]!))).toHaveLength(50)
  })

  it('writes nothing among other files, and the same set again', async () => {
    mkdirSync(join(folder, 'photos/train/cat'), { recursive: true })
    expectRefused(await promptsrc(folder, 'toy', 'photos'), 'photos', 'train/cat', 'new or empty')
    expect(readdirSync(join(folder, 'photos'))).toEqual(['train'])
    writeFileSync(join(folder, 'file'), '')
    expectRefused(await promptsrc(folder, 'toy', 'file'), 'file', 'new or empty')
    expect(await promptsrc(folder, 'toy', 'pond', '--set', 'toy-pond')).toMatchObject({ code: 0 })
  })

  it('names the sets where another is asked for', async () => {
    const answer = await promptsrc(folder, 'toy', 'new', '--set', 'emoji-food@')
    expectRefused(answer, 'emoji-food@', 'toy-pond', 'emoji-wear')
  })

  it('asks for a folder where none is named', async () => {
    const { code, stderr } = await promptsrc(folder, 'toy')
    expect(code).toBe(2)
    expect(stderr).toMatch(/no folder to write to.*--list/s)
  })
})
