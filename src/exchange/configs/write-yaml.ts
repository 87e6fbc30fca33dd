import { isSeq, parseDocument, stringify, visit } from 'yaml'
import type { ConfigValue } from './value.js'

/** The values as a YAML file of the reference: dotted keys become sections, sequences stay on one line. */
export function writeYaml(values: ReadonlyMap<string, ConfigValue>): string {
  const root: Record<string, unknown> = {}
  for (const [key, value] of values) {
    const path = key.split('.')
    const last = path.pop()!
    let section = root
    for (const name of path) {
      section[name] ??= {}
      section = section[name] as Record<string, unknown>
    }
    section[last] = value
  }
  const document = parseDocument(stringify(root))
  visit(document, (_key, node) => {
    if (isSeq(node)) node.flow = true
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
