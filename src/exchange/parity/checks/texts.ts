import { join } from 'node:path'
import {
  clipTemplates,
  datasetTemplates,
  promptSrcTemplates,
  selectedTemplates,
} from '../../../core/clip/templates.js'
import { loadTokenizer } from '../../../node/weights/tokenizer-files.js'
import { compareAll, compareEqual, judged } from '../deviation.js'
import { readJson } from '../golden-files.js'
import type { Check } from './check.js'

interface GoldenTemplates {
  readonly custom_templates: Readonly<Record<string, string>>
  readonly imagenet_templates_promptsrc: readonly string[]
  readonly imagenet_templates_coop: readonly string[]
  readonly imagenet_templates_select: readonly string[]
}

/** The template lists. */
export const templatesCheck: Check = {
  name: 'templates',
  path: 'templates.json',
  async *run({ root }) {
    const golden = await readJson<GoldenTemplates>(join(root, this.path))
    yield judged('templates', [
      compareAll(
        'data sets',
        Object.entries(golden.custom_templates).map(([name, text]) => [datasetTemplates[name], text]),
      ),
      compareEqual('60 of the teacher', promptSrcTemplates, golden.imagenet_templates_promptsrc),
      compareEqual('80', clipTemplates, golden.imagenet_templates_coop),
      compareEqual('7 selected', selectedTemplates, golden.imagenet_templates_select),
    ])
  },
}

interface GoldenText {
  readonly text: string
  readonly ids: readonly number[]
  readonly n_tokens_with_specials: number
  readonly ftfy_may_matter: boolean
  readonly row77_prefix?: readonly number[]
  readonly row77_truncated?: readonly number[]
  readonly decoded: string
}

/**
 * Token ids of texts. Texts that ftfy might rewrite are met by the tokenizer without normalisation, as the reference
 * was; the default one composes accents (NFC), which is the part of ftfy it repeats.
 */
export const tokenizerCheck: Check = {
  name: 'tokenizer',
  path: 'tokenizer/tokenizer_golden.json',
  async *run({ root }) {
    const { entries } = await readJson<{ entries: GoldenText[] }>(join(root, this.path))
    const tokenizer = await loadTokenizer()
    const plain = await loadTokenizer(undefined, { normalization: 'none' })
    const unflagged = entries.filter((entry) => !entry.ftfy_may_matter)
    const rows = entries.filter((entry) => entry.row77_prefix)
    const long = entries.filter((entry) => entry.row77_truncated)
    yield judged('tokenizer', [
      compareAll(
        'ids',
        unflagged.map(({ text, ids }) => [tokenizer.encode(text), ids]),
      ),
      compareAll(
        'ids without normalisation',
        entries.map(({ text, ids }) => [plain.encode(text), ids]),
      ),
      compareAll(
        'rows',
        rows.map(({ text, row77_prefix }) => [plain.tokenize(text), row77_prefix]),
      ),
      compareAll(
        'truncated rows',
        long.map(({ text, row77_truncated }) => [plain.tokenize(text, { truncate: true }), row77_truncated]),
      ),
      compareAll(
        'decoded',
        entries.map(({ ids, decoded }) => [plain.decode(ids), decoded]),
      ),
    ])
  },
}
