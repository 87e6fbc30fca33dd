import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freshFolder } from '../../test/support/fresh-folder.js'
import { runFiles } from '../core/run/run-files.js'
import { interruption } from './train-task.js'

let folder: string
freshFolder((fresh) => {
  folder = fresh
})

it('says with which options an interrupted run goes on: those that it does not record', () => {
  const [out, list, published] = ['run', 'clips.yaml', 'dtd'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(published)
  writeFileSync(list, '')
  const flags = { root: '/my videos', skipBadImages: true }
  expect(interruption({ path: list, out }, flags)).toBe('Interrupted before training began.')
  mkdirSync(out)
  writeFileSync(join(out, runFiles.config), '')
  const goOn = `Interrupted. Continue with: promptsrc train --resume --out ${out}`
  expect(interruption({ path: list, out }, flags)).toBe(`${goOn} --root '/my videos' --skip-bad-images`)
  expect(interruption({ path: published, out }, flags)).toBe(`${goOn} --skip-bad-images`)
})
