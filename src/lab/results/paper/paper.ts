import type { Protocol } from '../../plans/protocol.js'
import { baseToNovel } from './base-to-novel.js'
import { fewShot } from './few-shot.js'
import type { PaperRow } from './paper-row.js'
import { proTextRows } from './protext.js'
import { crossDataset, domainGeneralization } from './transfer.js'

/** The rows that are printed for a protocol, the PromptSRC paper's and, where the table has ProText, those of its own. */
export const printedRows = (protocol: Protocol, withProText: boolean): readonly PaperRow[] =>
  withProText ? [...paperRows(protocol), ...proTextRows(protocol)] : paperRows(protocol)

/** The rows that the paper prints for a protocol. */
export function paperRows(protocol: Protocol): readonly PaperRow[] {
  switch (protocol) {
    case 'base-to-novel':
      return baseToNovel
    case 'cross-dataset':
      return crossDataset
    case 'domain-generalization':
      return domainGeneralization
    case 'few-shot':
      return fewShot
    case 'fully-supervised':
    case 'text-only':
      return []
  }
}
