import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc } from '../support/command.js'
import { fileTree } from '../support/file-tree.js'
import { photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-clean-'))
const at = (...path: string[]) => join(folder, ...path)
const clean = (...args: string[]) => promptsrc(folder, 'clean', ...args, '--threads', '1')
type Row = { image: string; action: string; kinds: string[]; likely: string | null }

/** Six pictures of each of four colours in train and in test, with four faults. */
beforeAll(async () => {
  await photoFolder(at('original'), 6)
  cpSync(at('original/train/red_square/0.png'), at('original/test/red_square/copy.png'))
  cpSync(at('original/train/red_square/1.png'), at('original/train/red_square/twice.png'))
  renameSync(at('original/train/blue_square/2.png'), at('original/train/yellow_square/wrong.png'))
  writeFileSync(at('original/train/blue_square/bad.png'), 'no image')
})
beforeEach(() => {
  for (const name of ['photos', 'photos-removed']) rmSync(at(name), { recursive: true, force: true })
  cpSync(at('original'), at('photos'), { recursive: true, preserveTimestamps: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('clean', () => {
  it('tells copies, a wrong label and a bad file, in text, on a page and in a list', async () => {
    const { code, stdout, stderr } = await clean('photos', '--html', 'page.html', '--list', 'list.csv')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('photos: 51 pictures of 4 classes (train 26, test 25)')
    expect(stdout).toMatch(/^the same picture in train and test +2 +remove 1$/m)
    expect(stdout).toMatch(/^the same picture twice +2 +remove \d$/m)
    expect(stdout).toContain('train/blue_square/bad.png: unreadable: text; expected a JPEG')
    expect(stdout).toContain('training pictures a class: 6 (blue square) to 7 (red square)')
    expect(stdout).toMatch(/page {4}page\.html\nlist {4}list\.csv: edit its actions/)
    const html = readFileSync(at('page.html'), 'utf8')
    expect(html).toContain('The same picture in train and test: 2')
    expect(html.match(/<img [^>]*src="data:image\/png/g)!.length).toBeGreaterThan(3)
    const list = readFileSync(at('list.csv'), 'utf8').split('\r\n')
    expect(list[0]).toBe('image,action,problems,class,likely,part,group')
    expect(list).toContainEqual(
      expect.stringMatching(
        /^train\/red_square\/0\.png,remove,"?the same as test\/red_square\/copy\.png \(in train and test\)/,
      ),
    )
  })

  it('prints JSON, and knows the labels of wrong pictures', async () => {
    const { images, counts, classSizes } = JSON.parse((await clean('photos', '--json')).stdout)
    const of = (name: string) => (images as Row[]).find(({ image }) => image === name)
    expect(of('train/yellow_square/wrong.png')).toMatchObject({ likely: 'blue square' })
    expect(of('train/blue_square/bad.png')).toMatchObject({ action: 'remove', kinds: ['unreadable'] })
    expect(counts).toMatchObject({ 'copy train and test': 2, 'copy twice': 2, unreadable: 1 })
    expect(classSizes.unbalanced).toBe(false)
  })

  it('moves what an edited list says, with what belongs to it, and gives all of it back', async () => {
    writeFileSync(at('photos/train/red_square/twice.xmp'), 'a sidecar')
    const before = fileTree(at('photos'))
    const rows = [
      'image;action',
      'train/red_square/twice.png;remove',
      'train/yellow_square/wrong.png;Move to blue square',
      'train/red_square/0.png;keep',
      'train/red_square/gone.png;remove',
    ]
    writeFileSync(at('edited.csv'), `\ufeff${rows.join('\n')}\n`)
    const plan = await clean('photos', '--apply', 'edited.csv')
    expect(plan.stdout).toMatch(/^2 pictures of photos with 1 file that belong to them\n/)
    expect(plan.stdout).toContain('train/red_square/gone.png: it is not in the data')
    expect(plan.stdout).toMatch(/Nothing was done; --yes does it\.\n$/)
    expect(fileTree(at('photos'))).toEqual(before)
    const done = await clean('photos', '--apply', 'edited.csv', '--yes', '--json')
    expect(JSON.parse(done.stdout)).toMatchObject({ done: 3, failed: [], agreed: true })
    expect(existsSync(at('photos-removed/train/red_square/twice.xmp'))).toBe(true)
    expect(existsSync(at('photos/train/blue_square/wrong.png'))).toBe(true)
    expect(existsSync(at('photos/train/red_square/0.png'))).toBe(true)
    const undone = await promptsrc(folder, 'clean', '--undo', 'photos-removed')
    expect(undone).toMatchObject({ code: 0, stderr: '' })
    expect(undone.stdout).toContain('3 files')
    expect(fileTree(at('photos'))).toEqual(before)
    expect(existsSync(at('photos-removed'))).toBe(false)
  })

  it('does what it advises where its own list is applied, and finds none of that again', async () => {
    await clean('photos', '--list', 'own.json')
    const applied = await clean('photos', '--apply', 'own.json', '--yes')
    expect(applied.code, applied.stderr).toBe(0)
    const { counts } = JSON.parse((await clean('photos', '--json')).stdout)
    expect(Object.keys(counts).filter((kind) => /^copy|unreadable|sure/.test(kind))).toEqual([])
  })

  it('writes a new list where the data is a list', async () => {
    const rows = ['path,class,split', 'train/red_square/0.png,red,train', 'test/red_square/copy.png,red,test']
    rows.push('train/blue_square/0.png,blue,train', 'train/yellow_square/wrong.png,red,train')
    writeFileSync(at('photos/data.csv'), rows.join('\n'))
    const list = [
      { image: 'train/red_square/0.png', action: 'remove' },
      { image: 'train/yellow_square/wrong.png', action: 'move to blue' },
    ]
    writeFileSync(at('agreed.json'), JSON.stringify(list))
    const { code, stdout, stderr } = await clean('photos/data.csv', '--apply', 'agreed.json')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain(`1 line left out, 1 class changed\nlist    ${join('photos', 'data-clean.csv')}`)
    expect(readFileSync(at('photos/data-clean.csv'), 'utf8').split('\r\n')).toEqual([
      'path,class,split',
      'test/red_square/copy.png,red,test',
      'train/blue_square/0.png,blue,train',
      'train/yellow_square/wrong.png,blue,train',
      '',
    ])
    expect(existsSync(at('photos/train/red_square/0.png'))).toBe(true)
  })

  it('tells rows of one picture in a list apart by class and part', async () => {
    const rows = ['train/red_square/0.png,red,train', 'train/red_square/0.png,=blue,train']
    rows.push('train/red_square/0.png,red,test', 'train/blue_square/0.png,=blue,test')
    writeFileSync(at('photos/data.csv'), rows.join('\n'))
    const list = ['image,action,class,part', "train/red_square/0.png,remove,'=blue,train"]
    list.push('train/red_square/0.png,move to =blue,red,test')
    writeFileSync(at('agreed.csv'), list.join('\n'))
    const { code, stderr } = await clean('photos/data.csv', '--apply', 'agreed.csv')
    expect(code, stderr).toBe(0)
    expect(readFileSync(at('photos/data-clean.csv'), 'utf8').split('\r\n')).toEqual([
      'path,class,split',
      'train/red_square/0.png,red,train',
      'train/red_square/0.png,=blue,test',
      'train/blue_square/0.png,=blue,test',
      '',
    ])
    writeFileSync(at('agreed.csv'), 'image,action\ntrain/red_square/0.png,remove\n')
    expectRefused(await clean('photos/data.csv', '--apply', 'agreed.csv'), 'stands 3 times in the data')
  })

  it('is what train names where a picture is in train and test', async () => {
    const train = (...args: string[]) =>
      promptsrc(
        folder,
        'train',
        ...args,
        '--model',
        'tiny',
        '--shots',
        '1',
        '--epochs',
        '1',
        '--threads',
        '1',
      )
    const { stderr } = await train('photos', '--skip-bad-images', '--out', 'run')
    const pair = `${join('photos', 'train/red_square/0.png')} and ${join('photos', 'test/red_square/copy.png')}`
    expect(stderr).toContain(
      `warning: ${pair} are the same picture, in train and in test; \`promptsrc clean photos\` shows all such\n`,
    )
  })

  it.each([
    ['nothing to clean', [], 'clean needs a folder or list'],
    ['a list of no such ending', ['photos', '--list', 'x.txt'], 'ends in .csv or .json'],
    ['an action that is none', ['photos', '--apply', 'bad-action.csv'], 'row 1 (a.png): action "drop"'],
    ['a class that is none', ['photos', '--apply', 'bad-class.csv'], 'Did you mean red square?'],
    ['a list that is missing', ['photos', '--apply', 'none.csv'], 'none.csv: does not exist'],
    ['a target in the data', ['photos', '--apply', 'fine.csv', '--into', 'photos/x'], 'lies in the data'],
    ['a target without a list', ['photos', '--into', 'x'], '--into goes with --apply'],
    ['drawn data to change', ['toy', '--apply', 'fine.csv'], '--apply changes folders and lists'],
    ['an undo with more', ['photos', '--undo', 'x'], '--undo DIR goes alone'],
  ])('refuses %s', async (_, args, words) => {
    writeFileSync(at('bad-action.csv'), 'image,action\na.png,drop\n')
    writeFileSync(at('bad-class.csv'), 'image,action\na.png,move to red sqare\n')
    writeFileSync(at('fine.csv'), 'image,action\ntrain/red_square/0.png,remove\n')
    expectRefused(await clean(...args), words)
  })
})
