import { join } from 'node:path'
import {
  clipTemplates,
  datasetTemplates,
  promptSrcTemplates,
  selectedTemplates,
} from '../../../core/clip/templates.js'
import { compareAll, compareEqual, judged } from '../compare.js'
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
