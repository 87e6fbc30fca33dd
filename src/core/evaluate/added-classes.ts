import { isBlankName, tidyClassName } from '../clip/templates.js'
import { ConfigError } from '../errors.js'

/**
 * Class names and others beside them, which are tidied. These must differ from all in what CLIP reads: its tokenizer ignores
 * case. A data set's own names need not: two pairs of ImageNet's classes have the same ("missile", "sunglasses").
 *
 * @throws ConfigError for an added name that is empty or there already
 */
export function withAddedClasses(classNames: readonly string[], addClasses: readonly string[]): string[] {
  const added = addClasses.map(tidyClassName)
  const known = new Set(classNames.map((name) => name.toLowerCase()))
  for (const name of added) {
    if (isBlankName(name)) {
      throw new ConfigError('an added class has an empty name', { hint: 'Give --add-class a name.' })
    }
    if (known.has(name.toLowerCase())) {
      throw new ConfigError(`class "${name}" is named twice`, {
        hint: 'Classes that were trained take part without --add-class.',
      })
    }
    known.add(name.toLowerCase())
  }
  return [...classNames, ...added]
}
