import fc from 'fast-check'
import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { keywordsOf, newXmp, withKeyword, XmpError } from './xmp.js'

const RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
const DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
/** A sidecar around what its description holds. */
const xmp = (inside: string, attributes = '') =>
  `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0">
 <rdf:RDF ${RDF}>
  <rdf:Description rdf:about="" ${DC} xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"${attributes}>${inside}</rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
${' '.repeat(100)}
<?xpacket end='w'?>`
const bag = (...keywords: string[]) =>
  `\n   <dc:subject>\n    <rdf:Bag>\n${keywords.map((each) => `     <rdf:li>${each}</rdf:li>\n`).join('')}    </rdf:Bag>\n   </dc:subject>\n  `

/** What an edit has put in; fails where anything else has changed. */
function inserted(before: string, after: string): string {
  let start = 0
  while (start < before.length && before[start] === after[start]) start++
  const added = after.length - before.length
  for (let at = start; at >= 0; at--) {
    if (after.slice(0, at) + after.slice(at + added) === before) return after.slice(at, at + added)
  }
  throw new Error('more than an insertion')
}

describe('a keyword', () => {
  it('is added to the others, as they are indented, and nothing else changes', () => {
    const before = xmp(bag('holiday', 'Tom &amp; Ann'))
    const after = withKeyword(before, 'red fox')
    expect(after).toBe(xmp(bag('holiday', 'Tom &amp; Ann', 'red fox')))
    expect(keywordsOf(after)).toEqual(['holiday', 'Tom & Ann', 'red fox'])
  })

  it('that is there already changes nothing', () => {
    const before = xmp(bag('Tom &#38; Ann', 'x'))
    expect(withKeyword(before, 'Tom & Ann')).toBe(before)
  })

  it.each([
    ['without a list', xmp('\n   <xmp:Label>Green</xmp:Label>\n  ')],
    ['with an empty list', xmp(bag())],
    ['with a list of other kind', xmp('<dc:subject><rdf:Seq><rdf:li>a</rdf:li></rdf:Seq></dc:subject>')],
    ['with other lists', xmp('<dc:creator><rdf:Seq><rdf:li>Ann</rdf:li></rdf:Seq></dc:creator>')],
    [
      'in other namespaces prefixes',
      xmp(bag())
        .replaceAll('rdf:', 'r:')
        .replaceAll('dc:', 'd:')
        .replaceAll('xmlns:rdf', 'xmlns:r')
        .replaceAll('xmlns:dc', 'xmlns:d'),
    ],
    [
      'in the default namespace',
      `<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><Description><s xmlns="http://purl.org/dc/elements/1.1/"/></Description></RDF>`,
    ],
    ['without descriptions', `<rdf:RDF ${RDF}></rdf:RDF>`],
    [
      'with comments and CDATA',
      xmp('<!-- <dc:subject> --><xmp:Label><![CDATA[</rdf:Description>]]></xmp:Label>'),
    ],
  ])('is inserted into a sidecar %s', (_, before) => {
    const after = withKeyword(before, 'red fox')
    expect(keywordsOf(after)).toContain('red fox')
    expect(inserted(before, after)).toContain('red fox')
    expect(withKeyword(after, 'red fox')).toBe(after)
  })

  it.each([
    ['a description', `<rdf:RDF ${RDF}><rdf:Description rdf:about="" ${DC} /></rdf:RDF>`],
    ['a list', xmp('<dc:subject><rdf:Bag/></dc:subject>')],
    ['the whole', `<rdf:RDF ${RDF}/>`],
  ])('opens %s that closes itself', (_, before) => {
    const after = withKeyword(before, 'red fox')
    expect(keywordsOf(after)).toEqual(['red fox'])
    expect(after.replace(/<\/(rdf:Bag|rdf:Description|rdf:RDF)>/g, '')).toContain(
      before.slice(0, before.indexOf('/>')).trimEnd(),
    )
  })

  it.each([
    ['text', 'x'],
    ['nothing', ''],
    ['a tag too many', `${xmp('')}</a>`],
    ['tags that cross', xmp('<dc:a><dc:b></dc:a></dc:b>')],
    ['a tag left open', xmp('<dc:a>')],
    ['a bare ampersand', xmp('<dc:a>Tom & Ann</dc:a>')],
    ['an entity of its own', `<!DOCTYPE x [<!ENTITY a "b">]>${xmp('')}`],
    ['an undeclared prefix', xmp('<foo:a/>')],
    ['an attribute twice', xmp('<dc:a b="1" b="2"/>')],
    ['two roots', `<rdf:RDF ${RDF}/><rdf:RDF ${RDF}/>`],
    ['no RDF', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['two lists of keywords', xmp(bag('a') + bag('b'))],
    ['keywords as plain text', xmp('<dc:subject>a, b</dc:subject>')],
    ['keywords as an attribute', xmp('', ' dc:subject="a"')],
    ['keywords with structure', xmp('<dc:subject><rdf:Bag><rdf:Description/></rdf:Bag></dc:subject>')],
  ])('is refused for %s', (_, text) => {
    expect(() => withKeyword(text, 'red fox')).toThrow(XmpError)
  })

  it('is read back as it was, whatever it is, by this and another parser', () => {
    const keywords = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .map((text) => `${text.replace(/\p{Cc}/gu, '')}.`)
    fc.assert(
      fc.property(fc.uniqueArray(keywords, { minLength: 1, maxLength: 4 }), ([first, ...others]) => {
        const text = others.reduce((sofar, keyword) => withKeyword(sofar, keyword), newXmp([first!]))
        expect(keywordsOf(text)).toEqual([first, ...others])
        const items = parseHTML(`<html><body>${text}</body></html>`).document.querySelectorAll('*')
        const found = [...items]
          .filter(({ localName }) => localName === 'rdf:li')
          .map((each) => each.textContent)
        expect(found).toEqual([first, ...others])
      }),
    )
  })
})
