import { createHash } from 'node:crypto'
import type { DataWarning } from '../../core/data/dataset.js'
import type { Annotations, DatasetSource, SourceDataset } from '../data/dataset-source.js'
import type { CheckedLists } from './labelled-lists.js'

/** A data set of lists that were read, with its identity and with a word where it is not as published. */
export function finishDataset(
  { name, counts }: Pick<DatasetSource, 'name' | 'counts'>,
  lists: CheckedLists,
  annotations: Annotations,
  warnings: readonly DataWarning[] = [],
): SourceDataset {
  const classes = lists.classNames.length
  const fewer: DataWarning[] =
    classes === counts.classes
      ? []
      : [
          {
            kind: 'class-count',
            message: `${name}: ${classes} classes here, ${counts.classes} in the published data set`,
          },
        ]
  return { name, ...lists, annotations, warnings: [...warnings, ...fewer], fingerprint: identity(lists) }
}

/** SHA-256, hexadecimal, over class names and the lists' paths and labels. */
function identity({ classNames, train, val, test }: CheckedLists): string {
  const hash = createHash('sha256').update(JSON.stringify(classNames))
  for (const part of [train, val, test]) {
    let text = `\n${part.length}\n`
    for (const { folder, name, label } of part) {
      text += `${folder.key}/${name}\0${label}\n`
      if (text.length < 65_536) continue
      hash.update(text)
      text = ''
    }
    hash.update(text)
  }
  return hash.digest('hex')
}
