import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'
import { trainedRun } from '../support/trained-run.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-suggest-'))
const at = (...parts: string[]) => join(folder, ...parts)
const suggest = (...args: string[]) => promptsrc(folder, 'suggest', 'run', ...args, '--threads', '1')
const lines = (text: string) => text.trimEnd().split('\n')

beforeAll(async () => {
  await photoFolder(at('photos'))
  await trainedRun(folder)
  await cp(at('photos/test'), at('new'), { recursive: true })
  await cp(at('photos/test/red_square/0.png'), at('new/copy.png'))
  writeFileSync(at('new/bad.png'), 'no image')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('suggest', () => {
  it('lists images with their likeliest classes, copies once, and shows them on a page', async () => {
    const { code, stdout, stderr } = await suggest('new', '--count', '5', '--json', '--html', 'next.html')
    expect(code, stderr).toBe(0)
    const suggestions = lines(stdout).map((line) => JSON.parse(line))
    expect(suggestions).toHaveLength(5)
    expect(suggestions[0]).toEqual({
      image: expect.stringMatching(/^new\//),
      classes: [0, 1].map(() => ({ className: expect.any(String), probability: expect.any(Number) })),
      uncertainty: expect.any(Number),
    })
    const copies = ['new/copy.png', 'new/red_square/0.png']
    expect(suggestions.filter(({ image }) => copies.includes(image)).length).toBeLessThan(2)
    expect(stderr).toMatch(/warning: new\/bad\.png: text; .*; left out/)
    const html = readFileSync(at('next.html'), 'utf8')
    expect(html.match(/<img [^>]*src="data:image\/png/g)).toHaveLength(5)
  })

  it('suggests nothing that has a label, and says that there is no more', async () => {
    const { code, stdout, stderr } = await suggest(
      'new/red_square',
      '--labelled',
      'photos/test',
      '--count',
      '3',
    )
    expect(code).toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toContain(
      'warning: 0 of 3 suggested: the others are copies, or the run is certain of them',
    )
  })

  it('refuses images none of which can be read', async () => {
    expectRefused(await suggest('new/bad.png'), 'none of 1 images could be read')
  })
})
