import { decodeXML, escapeUTF8 } from 'entities'
import { UserError } from '../../core/errors.js'

const namespaces = {
  x: 'adobe:ns:meta/',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  dc: 'http://purl.org/dc/elements/1.1/',
} as const

/** A sidecar that cannot be edited without a risk for what else it holds. */
export class XmpError extends UserError {
  override name = 'XmpError'
}

/** An element with the places of its tags in the text. */
interface Element {
  readonly name: string
  /** Namespace and local name with a space between, as no name can have one. */
  readonly full: string
  readonly attributes: ReadonlyMap<string, string>
  readonly scope: ReadonlyMap<string, string>
  readonly children: Element[]
  /** Of the start tag. */
  readonly start: number
  startEnd: number
  /** Of the end tag; where the element closes itself, the end of its only tag, as is `end`. */
  endStart: number
  end: number
  readonly selfClosing: boolean
}

const full = (prefix: keyof typeof namespaces, local: string): string => `${namespaces[prefix]} ${local}`

/** A new sidecar with keywords alone. */
export function newXmp(keywords: readonly string[]): string {
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="${namespaces.x}">
 <rdf:RDF xmlns:rdf="${namespaces.rdf}">
  <rdf:Description rdf:about="" xmlns:dc="${namespaces.dc}">
   <dc:subject>
    <rdf:Bag>
${keywords.map((keyword) => `     <rdf:li>${escapeUTF8(keyword)}</rdf:li>\n`).join('')}    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`
}

/**
 * Adds a keyword to a sidecar's `dc:subject`. Every other character stays as it was; the text is the same where the
 * keyword is there already.
 *
 * @throws XmpError where it is not well-formed XML, no XMP, or has its keywords in a form that is not known
 */
export function withKeyword(text: string, keyword: string): string {
  const rdf = rdfOf(text)
  const descriptions = rdf.children.filter((child) => child.full === full('rdf', 'Description'))
  const subjects = descriptions.flatMap((each) =>
    each.children.filter((child) => child.full === full('dc', 'subject')),
  )
  const edited = subjects[0]
    ? inSubject(text, subjects, keyword)
    : inDescription(text, descriptions[0] ?? rdf, keyword)
  // The edit is proved on its result: well-formed still, and with the keyword.
  if (!keywordsOf(edited).includes(keyword))
    throw new XmpError('its keywords are in a form that is not known')
  return edited
}

/**
 * Keywords of a sidecar.
 *
 * @throws XmpError where it is not well-formed XML, or no XMP
 */
export function keywordsOf(text: string): string[] {
  return rdfOf(text)
    .children.flatMap((description) => description.children)
    .filter((child) => child.full === full('dc', 'subject'))
    .flatMap((subject) => subject.children)
    .flatMap((list) => list.children)
    .map((item) => textOf(text, item))
}

const textOf = (text: string, { startEnd, endStart }: Element): string =>
  decodeXML(text.slice(startEnd, Math.max(startEnd, endStart)))

function rdfOf(text: string): Element {
  const root = parse(text)
  const rdf =
    root.full === full('rdf', 'RDF') ? root : root.children.find((child) => child.full === full('rdf', 'RDF'))
  if (!rdf) throw new XmpError('it holds no rdf:RDF')
  return rdf
}

function inSubject(text: string, subjects: readonly Element[], keyword: string): string {
  if (subjects.length > 1) throw new XmpError('it has several lists of keywords')
  const lists = subjects[0]!.children
  const list = lists[0]
  const known = ['Bag', 'Seq', 'Alt'].some((kind) => list?.full === full('rdf', kind))
  if (!list || !known || lists.length > 1 || list.children.some((item) => item.full !== full('rdf', 'li')))
    throw new XmpError('its keywords are in a form that is not known')
  if (list.children.some((item) => textOf(text, item) === keyword)) return text
  const item = `<${sibling(list, 'li')}>${escapeUTF8(keyword)}</${sibling(list, 'li')}>`
  const last = list.children.at(-1)
  if (!last) return insideOf(text, list, item)
  // As the others are indented.
  const indent = /\s*$/.exec(text.slice(0, last.start))![0]
  return text.slice(0, last.end) + indent + item + text.slice(last.end)
}

/** A name in the namespace of an element, by the prefix that it has. */
const sibling = ({ name }: Element, local: string): string =>
  name.includes(':') ? `${name.slice(0, name.indexOf(':'))}:${local}` : local

function inDescription(text: string, element: Element, keyword: string): string {
  for (const attribute of element.attributes.keys()) {
    if (attribute === full('dc', 'subject'))
      throw new XmpError('its keywords are in a form that is not known')
  }
  const rdf = `xmlns:rdf="${namespaces.rdf}"`
  const list = `<rdf:Bag ${rdf}><rdf:li>${escapeUTF8(keyword)}</rdf:li></rdf:Bag>`
  const subject = `<dc:subject xmlns:dc="${namespaces.dc}">${list}</dc:subject>`
  const isDescription = element.full === full('rdf', 'Description')
  const about = `<rdf:Description ${rdf} rdf:about="">${subject}</rdf:Description>`
  return insideOf(text, element, isDescription ? subject : about)
}

/** Puts content at the end of an element. */
function insideOf(text: string, element: Element, content: string): string {
  const { name, selfClosing, startEnd, endStart } = element
  if (!selfClosing) return text.slice(0, endStart) + content + text.slice(endStart)
  const open = `${text.slice(0, startEnd - 2).trimEnd()}>`
  return `${open}${content}</${name}>${text.slice(startEnd)}`
}

const NAME =
  '[A-Za-z_\\u0080-\\uffff][\\w.\\-\\u0080-\\uffff]*(?::[A-Za-z_\\u0080-\\uffff][\\w.\\-\\u0080-\\uffff]*)?'
const ATTRIBUTE = `\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*')`
const startTag = new RegExp(`<(${NAME})((?:${ATTRIBUTE})*)\\s*(/?)>`, 'y')
const endTag = new RegExp(`</(${NAME})\\s*>`, 'y')
const skipped = /<!--(?:(?!--)[\s\S])*-->|<\?(?:(?!\?>)[\s\S])*\?>|<!\[CDATA\[(?:(?!\]\]>)[\s\S])*\]\]>/y
const textRun = /[^<&]+|&(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);/y

/** Reads XML without entities of its own, and keeps the places of all tags. Returns the root element. */
function parse(text: string): Element {
  const open: Element[] = []
  let root: Element | undefined
  let at = text.startsWith('\ufeff') ? 1 : 0
  const fail = (): never => {
    throw new XmpError(`it is not well-formed XML (at character ${at + 1})`)
  }
  const next = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found
  }
  while (at < text.length) {
    const start = at
    if (next(skipped)) {
      if (text.startsWith('<![CDATA[', start) && open.length === 0) fail()
      continue
    }
    const tag = next(startTag)
    if (tag) {
      const [, name, attributes, slash] = tag
      const parent = open.at(-1)
      if (!parent && root) fail()
      const element = elementOf(name!, attributes!, parent, start, at, slash === '/')
      if (!element) return fail()
      if (parent) parent.children.push(element)
      else root = element
      if (!slash) open.push(element)
      continue
    }
    const end = next(endTag)
    if (end) {
      const element = open.pop()
      if (!element || element.name !== end[1]) return fail()
      element.endStart = start
      element.end = at
      continue
    }
    const run = next(textRun)
    if (!run || (open.length === 0 && run[0].trim() !== '')) fail()
  }
  if (!root || open.length > 0) return fail()
  return root
}

/** Undefined where a prefix is not declared or an attribute stands twice. */
function elementOf(
  name: string,
  attributeText: string,
  parent: Element | undefined,
  start: number,
  startEnd: number,
  selfClosing: boolean,
): Element | undefined {
  const pairs = [...attributeText.matchAll(new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'g'))].map(
    ([, key, double, single]): [string, string] => [key!, decodeXML(double ?? single ?? '')],
  )
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) return undefined
  const scope = new Map(parent?.scope ?? [['xml', 'http://www.w3.org/XML/1998/namespace']])
  for (const [key, value] of pairs) {
    if (key === 'xmlns') scope.set('', value)
    else if (key.startsWith('xmlns:')) scope.set(key.slice(6), value)
  }
  const resolve = (qualified: string, isElement: boolean): string | undefined => {
    const colon = qualified.indexOf(':')
    if (colon < 0) return `${isElement ? (scope.get('') ?? '') : ''} ${qualified}`
    const namespace = scope.get(qualified.slice(0, colon))
    return namespace === undefined ? undefined : `${namespace} ${qualified.slice(colon + 1)}`
  }
  const attributes = new Map<string, string>()
  for (const [key, value] of pairs) {
    if (key === 'xmlns' || key.startsWith('xmlns:')) continue
    const resolved = resolve(key, false)
    if (resolved === undefined) return undefined
    attributes.set(resolved, value)
  }
  const resolved = resolve(name, true)
  if (resolved === undefined) return undefined
  const place = { start, startEnd, endStart: startEnd, end: startEnd, selfClosing }
  return { name, full: resolved, attributes, scope, children: [], ...place }
}
