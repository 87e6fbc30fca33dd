import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** What a module of built declarations exports: each name with the module that declares it and its name there. */
type Exports = ReadonlyMap<string, Declared>

interface Declared {
  readonly file: string
  readonly name: string
}

interface Module {
  readonly exports: Exports
  readonly imports: Exports
  /** Exported or not, the text of every declaration. */
  readonly declarations: ReadonlyMap<string, string>
}

const lists = /^(export|import)\s+(?:type\s+)?(?:\*(?: as (\w+))?|\{([^}]*)\})\s*(?:from\s+'([^']+)')?;/gm
const declared =
  /^(export )?(?:declare )?(?:async )?(?:abstract )?(?:interface|type|class|function\*?|const|namespace) (\w+)/

/**
 * The types that occur in what a door exports but that the door itself does not export, as `Type (in Name of file)`.
 *
 * @param door the door's built declaration file
 */
export function typesMissing(door: string): string[] {
  const exported = exportsOf(door)
  const known = new Set([...exported.values()].map(({ file, name }) => `${file}#${name}`))
  const missing = new Set<string>()
  for (const { file, name } of exported.values()) {
    const { imports, declarations } = moduleOf(file)
    for (const [word] of publicText(declarations.get(name) ?? '').matchAll(/\b[A-Z]\w*\b/g)) {
      const type = imports.get(word) ?? (declarations.has(word) ? { file, name: word } : undefined)
      if (!type || known.has(`${type.file}#${type.name}`)) continue
      missing.add(`${type.name} (in ${name} of ${file.slice(file.indexOf('dist/'))})`)
    }
  }
  return [...missing].sort()
}

/** Without comments, private members and strings, which name no types. */
const publicText = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*private .*$/gm, '')
    .replaceAll(/'[^']*'/g, '')
    .replaceAll(/\b\w+(?=\??:)/g, '')

function exportsOf(file: string): Exports {
  return moduleOf(file).exports
}

const modules = new Map<string, Module>()

function moduleOf(file: string): Module {
  const known = modules.get(file)
  if (known) return known
  const exports = new Map<string, Declared>()
  const imports = new Map<string, Declared>()
  const declarations = new Map<string, string>()
  modules.set(file, { exports, imports, declarations })
  const text = readFileSync(file, 'utf8')
  for (const [, kind, namespace, names, from] of text.matchAll(lists)) {
    const source = from?.startsWith('.') ? resolve(dirname(file), from.replace(/\.js$/, '.d.ts')) : undefined
    if (from && !(source && existsSync(source))) continue
    if (names === undefined) {
      // What is in an exported namespace can be named, too.
      const prefix = namespace === undefined ? '' : `${namespace}.`
      for (const [name, value] of exportsOf(source!)) exports.set(prefix + name, value)
      continue
    }
    for (const item of names.split(',').filter((name) => name.trim() !== '')) {
      const [name, as] = item
        .trim()
        .replace(/^type /, '')
        .split(' as ') as [string, string?]
      const target = source ? exportsOf(source).get(name) : (imports.get(name) ?? { file, name })
      if (target) (kind === 'export' ? exports : imports).set(as ?? name, target)
    }
  }
  for (const part of text.split(/^(?=export |declare |interface |type |import |\/\*\*)/m)) {
    const [, isExported, name] = declared.exec(part) ?? []
    if (!name) continue
    declarations.set(name, (declarations.get(name) ?? '') + part)
    if (isExported) exports.set(name, { file, name })
  }
  return { exports, imports, declarations }
}
