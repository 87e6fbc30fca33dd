import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { methods } from '../../src/core/methods/registry.js'
import { program } from '../support/command.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = ['README.md', ...readdirSync(join(root, 'docs')).flatMap((name) => docOf(name))]
const package_ = JSON.parse(read('package.json'))

function docOf(name: string): string[] {
  return name.endsWith('.md') ? [`docs/${name}`] : []
}

/** A heading's address, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')

/** What a page points at and is not there. */
function deadLinks(page: string): string[] {
  return [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    const [path, anchor] = link!.split('#') as [string, string?]
    if (/^https?:/.test(path)) return []
    const target = path === '' ? page : join(dirname(page), path)
    if (!existsSync(join(root, target))) return [link!]
    const anchors = () => [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!))
    return anchor === undefined || anchors().includes(anchor) ? [] : [link!]
  })
}

/** Calls of the command in a text, their continued lines joined: the words behind `promptsrc`. */
function callsIn(text: string): string[][] {
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n')
  return lines.flatMap((line) => {
    const [, call] = /^(?:.*\| |\s*\$ |.*import \S+" |\s*)(?:npx )?promptsrc ([a-z].*)$/.exec(line) ?? []
    if (call === undefined) return []
    const [own] = call.split(/ [|>&#] ?/) as [string]
    return [own.match(/"[^"]*"|'[^']*'|\S+/g)!]
  })
}

/** The calls in a page's code, in blocks and in lines. */
function callsOf(page: string): string[][] {
  const text = read(page)
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, code]) => code!)
  const inline = [...text.matchAll(/`((?:npx )?promptsrc [a-z][^`]*)`/g)].map(([, code]) => code!)
  return [...blocks, ...inline.map((code) => code.replaceAll(/\s+/g, ' '))].flatMap(callsIn)
}

/** What a call names that the command does not have: the command itself, or options. */
async function unknownIn(words: readonly string[]): Promise<string[]> {
  const [name, second] = words as [string, string?]
  const top = (await program([name])).commands.find((each) => each.name() === name)
  if (!top) return [name]
  const command = top.commands.find((each) => each.name() === second) ?? top
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]))
  const options = words.filter((word) => /^-[a-zA-Z]$|^--[a-z]/.test(word)).map((word) => word.split('=')[0]!)
  return options.filter((option) => option !== '--help' && !known.has(option))
}

async function mistakesIn(calls: readonly string[][]): Promise<string[]> {
  const found = await Promise.all(
    calls.map(async (words) => {
      const unknown = await unknownIn(words)
      return unknown.length > 0 ? [`${words.join(' ')}: ${unknown.join(', ')}`] : []
    }),
  )
  return found.flat()
}

describe.each(pages)('%s', (page) => {
  it('links to what is there', () => {
    expect(deadLinks(page)).toEqual([])
  })

  it('names files of the repository and scripts of npm that are there', () => {
    const text = read(page)
    const files = [...text.matchAll(/`((?:src|test|tools|bench|docs|assets|examples)\/[\w./-]+)`/g)]
    const scripts = [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)]
    expect(files.map(([, path]) => path!).filter((path) => !existsSync(join(root, path)))).toEqual([])
    expect(scripts.map(([, name]) => name!).filter((name) => !(name in package_.scripts))).toEqual([])
  })

  it('calls commands by options that they have', async () => {
    expect(await mistakesIn(callsOf(page))).toEqual([])
  })
})

it('the examples of every command have options that it has', async () => {
  const names = (await program([])).commands.map((command) => command.name())
  const calls = await Promise.all(
    names.map(async (name) =>
      callsIn(helpOf((await program([name])).commands.find((c) => c.name() === name)!)),
    ),
  )
  expect(await mistakesIn(calls.flat())).toEqual([])
  expect(calls.flat().length).toBeGreaterThan(names.length)
})

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
  return text
}

it.each(['docs/methods.md', 'docs/which-method.md', 'docs/comparison.md', 'README.md'])(
  '%s names every method',
  (page) => {
    const text = read(page)
    const inCode = (name: string) => new RegExp(`\`[^\`\n]*(?<![\\w-])${name}(?![\\w-])[^\`\n]*\``)
    expect(Object.keys(methods).filter((name) => !inCode(name).test(text))).toEqual([])
  },
)

it('pages that the command line names are in the package', () => {
  const sources = readdirSync(join(root, 'src/cli')).map((name) => read(join('src/cli', name)))
  const named = new Set(sources.flatMap((source) => source.match(/docs\/[\w-]+\.md/g) ?? []))
  expect(named.size).toBeGreaterThan(5)
  expect([...named].filter((page) => !pages.includes(page))).toEqual([])
  expect(package_.files).toContain('docs')
})

it('docs/dependencies.md names every dependency', () => {
  const text = read('docs/dependencies.md')
  const { dependencies, peerDependencies, devDependencies } = package_
  const names = Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies })
  const named = (name: string) => text.includes(name.replace('@biomejs/', ''))
  expect(names.filter((name) => !named(name))).toEqual([])
})

/** Names that a reader has, and the page leaves out: what is chosen, shown or drawn. */
const OWN_NAMES = /error TS(2304|2552|18004):/

it('the code of the pages has the types of the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'promptsrc-docs-'))
  try {
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
    for (const name of ['onnxruntime-web', '@types/node'])
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    symlinkSync(root, join(folder, 'node_modules/promptsrc'))
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
    const files = pages.flatMap((page) => {
      const blocks = [...read(page).matchAll(/^```[tj]s\n([\s\S]*?)^```/gm)].map(([, code]) => code!)
      return blocks.flatMap((code, i) => {
        if (code.includes('…')) return []
        const name = `${page.replaceAll(/\W/g, '-')}-${i}.ts`
        writeFileSync(join(folder, name), `${code}\nexport {}\n`)
        return [name]
      })
    })
    expect(files.length).toBeGreaterThan(5)
    const options =
      '--strict --noEmit --skipLibCheck --target es2023 --lib es2023,dom,esnext.disposable --types node'
    const resolution = '--module nodenext --moduleResolution nodenext'
    const said = run([...`${options} ${resolution}`.split(' '), ...files], folder)
    expect(said.split('\n').filter((line) => line !== '' && !OWN_NAMES.test(line))).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)

/** What the compiler says. */
function run(args: readonly string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args], {
      cwd,
      encoding: 'utf8',
    })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
