import { promptSrc, type Regulators } from '../../core/methods/promptsrc.js'
import { methodNamed } from '../../core/methods/registry.js'
import type { Entry, EntrySettings } from './entries.js'

/** The regulators in the order in which the paper adds them (PromptSRC paper, section 4.2, table 2). */
const steps = [
  { label: 'scl', title: 'mutual agreement' },
  { label: 'gpa', title: 'Gaussian aggregation' },
  { label: 'diversity', title: 'textual diversity' },
] as const

/** Weights of the three agreement terms. */
type Weights = Pick<Regulators, 'textLossWeight' | 'imageLossWeight' | 'logitsLossWeight'>

/**
 * Rows of the paper's ablation: the method without regulators, then each regulator on top of those before.
 *
 * @param method whose prompts are regulated; the paper's is `ivlp`
 * @param settings of every row beside the regulators
 * @param weights default: the published ones
 */
export function ablationEntries(
  method: string,
  settings: EntrySettings = {},
  weights: Weights = publishedWeights(),
): Entry[] {
  const none = {
    textLossWeight: 0,
    imageLossWeight: 0,
    logitsLossWeight: 0,
    gpa: false,
    diverseTeacher: false,
  }
  const added: readonly Record<string, unknown>[] = [weights, { gpa: true }, { diverseTeacher: true }]
  const rows: Entry[] = [
    {
      label: method,
      title: plainTitle(method),
      method,
      settings: { ...settings, methodOptions: none },
    },
  ]
  for (const [i, { label, title }] of steps.entries()) {
    const before = rows.at(-1)!
    rows.push({
      label: `${before.label}+${label}`,
      title: `+ ${title}`,
      method,
      settings: { ...settings, methodOptions: { ...before.settings.methodOptions, ...added[i] } },
    })
  }
  return rows
}

function publishedWeights(): Weights {
  const { textLossWeight, imageLossWeight, logitsLossWeight } = promptSrc.options.parse({})
  return { textLossWeight, imageLossWeight, logitsLossWeight }
}

/** PromptSRC without its regulators is not what readers know by that name. */
function plainTitle(name: string): string {
  const { title, options } = methodNamed(name)
  const { textLossWeight, gpa } = options.parse({}) as Partial<Regulators>
  return gpa || (textLossWeight ?? 0) > 0 ? `${title} without regulators` : title
}
