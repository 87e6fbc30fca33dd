import { methodNamed } from '../../core/methods/registry.js'
import type { Regulators } from '../../core/methods/regulated.js'
import { agreementWeights, type Entry, settingsFor } from './entries.js'

/** The regulators in the order in which the paper adds them (PromptSRC paper, section 4.2, table 1). */
const steps = [
  { label: 'scl', title: 'mutual agreement' },
  { label: 'gpa', title: 'Gaussian aggregation' },
  { label: 'diversity', title: 'textual diversity' },
] as const

/**
 * Rows of the paper's ablation: the method without regulators, then each regulator on top of those before.
 *
 * @param method whose prompts are regulated; the paper's is `ivlp`
 * @param embedded whether model and data are the embedded ones
 */
export function ablationEntries(method: string, embedded: boolean): Entry[] {
  const settings = settingsFor(method, embedded)
  const none = {
    textLossWeight: 0,
    imageLossWeight: 0,
    logitsLossWeight: 0,
    gpa: false,
    diverseTeacher: false,
  }
  const added: readonly Record<string, unknown>[] = [
    agreementWeights(embedded),
    { gpa: true },
    { diverseTeacher: true },
  ]
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

/** PromptSRC without its regulators is not what readers know by that name. */
function plainTitle(name: string): string {
  const { title, options } = methodNamed(name)
  const { textLossWeight, gpa } = options.parse({}) as Partial<Regulators>
  return gpa || (textLossWeight ?? 0) > 0 ? `${title} without regulators` : title
}
