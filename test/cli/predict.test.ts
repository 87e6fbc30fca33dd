import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc, startPromptsrc } from '../support/command.js'
import { colourNames, photoFolder } from '../support/photo-folder.js'
import { trainedRun } from '../support/trained-run.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-predict-'))
const at = (...parts: string[]) => join(folder, ...parts)
const predict = (...args: string[]) => promptsrc(folder, 'predict', 'run', ...args, '--threads', '1')
const image = 'photos/test/red_square/0.png'
const lines = (text: string) => text.trimEnd().split('\n')

beforeAll(async () => {
  await photoFolder(at('photos'))
  await trainedRun(folder)
  await cp(at('photos/test/red_square'), at('mixed'), { recursive: true })
  writeFileSync(at('mixed/1b.png'), 'no image')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('predict', () => {
  it('takes folders and patterns, and answers as it does for the files one by one', async () => {
    const files = [0, 1, 2].map((n) => `photos/test/red_square/${n}.png`)
    const { code, stdout, stderr } = await predict(...files, '--json')
    expect(code).toBe(0)
    expect((await predict('photos/test/red_square/', '--json')).stdout).toBe(stdout)
    expect((await predict('photos/test/red_*/?.png', '--format', 'jsonl', '--jobs', '1')).stdout).toBe(stdout)
    expect(stderr).toMatch(/^3 images \([\d.]+ a second\): (\w+ square|none of these) \d/)
  })

  it('goes on after an image that cannot be read, with its reason in its place, and ends with code 2', async () => {
    const { code, stdout, stderr } = await predict('mixed', '--json')
    expect(code).toBe(2)
    expect(lines(stdout).map((line) => JSON.parse(line))).toMatchObject([
      { image: 'mixed/0.png', classes: expect.any(Array) },
      { image: 'mixed/1.png' },
      { image: 'mixed/1b.png', error: expect.stringMatching(/^text; expected a JPEG/) },
      { image: 'mixed/2.png' },
    ])
    expect(stderr).toContain('; 1 could not be read\n')
    expect(stderr).toContain('error: 1 of 4 images could not be read\n')
    const text = await predict('mixed', '--top', '1')
    expect(lines(text.stdout).filter((line) => !line.startsWith(' '))[2]).toMatch(/^mixed\/1b.png: text; exp/)
  })

  it('says so where none of the images could be read', async () => {
    const { code, stderr } = await predict('no.png', 'none.png')
    expect(code).toBe(2)
    expect(stderr).toContain('error: none of 2 images could be read\n')
  })

  it('looks at nothing before it knows all images', async () => {
    expectRefused(
      await predict(image, 'photos/*.gif'),
      'photos/*.gif: no such file, and nothing that matches',
    )
    expectRefused(await predict(image, '--json', '--format', 'csv'), '--json', '--format')
  })
})

describe('predict --format csv', () => {
  it('has a line an image, whatever its name, and nothing that a spreadsheet would compute', async () => {
    const odd = ['=1+1,"a".png', '@x.png', 'a\nb.png']
    for (const name of odd) await cp(at(image), at(name))
    const { stdout } = await predict(...odd, 'mixed/1b.png', '--format', 'csv', '--top', '2')
    const [head, ...rows] = parse(stdout, { record_delimiter: '\r\n' }) as string[][]
    expect(head!.filter((name) => !name.startsWith('calibrated'))).toEqual([
      'image',
      'answer',
      'class_1',
      'probability_1',
      'class_2',
      'probability_2',
      'score',
      'threshold',
      'error',
    ])
    expect(rows.map(([name]) => name)).toEqual([`'${odd[0]}`, `'${odd[1]}`, odd[2], 'mixed/1b.png'])
    const column = (name: string) => rows.map((row) => row[head!.indexOf(name)])
    for (const name of column('class_1').slice(0, 3)) expect(colourNames).toContain(name)
    expect(column('error')).toEqual(['', '', '', expect.stringContaining('expected a JPEG')])
    expect(column('answer')[3]).toBe('')
    const json = await predict(...odd, 'mixed/1b.png', '--json')
    const { classes, score } = JSON.parse(lines(json.stdout)[1]!)
    expect(Number(column('probability_2')[1])).toBe(classes[1].probability)
    expect(column('score')[1]).toBe(score === undefined ? '' : `${score}`)
  })
})

describe('predict --out', () => {
  it('writes what would be printed, in the format of its name, and replaces nothing', async () => {
    const printed = await predict('mixed', '--format', 'csv')
    const written = await predict('mixed', '--out', 'answers.csv')
    expect(written).toMatchObject({ code: 2, stdout: '' })
    expect(readFileSync(at('answers.csv'), 'utf8')).toBe(printed.stdout)
    expectRefused(await predict('mixed', '--out', 'answers.csv'), 'answers.csv is there already')
    await predict('mixed', '--out', 'answers.txt', '--skip-bad-images')
    const text = await predict('mixed', '--skip-bad-images')
    expect(readFileSync(at('answers.txt'), 'utf8')).toBe(text.stdout)
    expect(text.stdout).not.toContain('1b.png')
  })

  it('goes on after Ctrl-C, to the same file', async () => {
    const many = Array<string>(150).fill(image)
    const args = [...many, 'mixed', '--format', 'jsonl', '--threads', '1', '--out']
    const { process, ended } = startPromptsrc(folder, ['predict', 'run', ...args, 'stopped'])
    const begun = () =>
      existsSync(at('stopped.partial')) && lines(readFileSync(at('stopped.partial'), 'utf8'))
    while (process.exitCode === null && (begun() || []).length < 2) await delay(5)
    process.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 130, stderr: '\nInterrupted. The same call goes on.\n' })
    expect(existsSync(at('stopped'))).toBe(false)
    const kept = (begun() || []).length - 1
    expect(kept).toBeGreaterThan(0)
    expectRefused(await predict(...many, 'mixed', '--out', 'stopped', '--top', '2'), 'what differs: top')
    expect((await predict(...args, 'stopped')).code).toBe(2)
    await predict(...args, 'whole')
    expect(readFileSync(at('stopped'), 'utf8')).toBe(readFileSync(at('whole'), 'utf8'))
    expect(existsSync(at('stopped.partial'))).toBe(false)
  })
})

describe('predict --allow-url', () => {
  it('fetches images where that is allowed, of this machine where that is allowed as well', async () => {
    const bytes = readFileSync(at(image))
    const server = createServer(({ url }, response) => {
      if (url === '/0.png') response.end(bytes)
      else response.writeHead(404).end()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      expectRefused(await predict(`${web}/0.png`), 'an address; images are taken from files', '--allow-url')
      expectRefused(await predict(`${web}/0.png`, '--allow-url'), 'of this machine', '--allow-private-url')
      const { stdout } = await predict(
        `${web}/0.png`,
        `${web}/none.png`,
        image,
        '--allow-private-url',
        '--json',
      )
      const [fetched, missing, own] = lines(stdout).map((line) => JSON.parse(line))
      expect(fetched).toEqual({ ...own, image: `${web}/0.png` })
      expect(missing).toEqual({ image: `${web}/none.png`, error: 'the server answers with status 404' })
    } finally {
      server.close()
    }
  })
})

it('predict - takes a list from standard input', async () => {
  const running = startPromptsrc(folder, ['predict', 'run', '-', '--json'], [], {}, `${image}\nmixed/0.png\n`)
  const { code, stdout } = await running.ended
  expect(code).toBe(0)
  expect(lines(stdout).map((line) => JSON.parse(line).image)).toEqual([image, 'mixed/0.png'])
})
