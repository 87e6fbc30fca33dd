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

/** Comparisons of the paper beside the components: how features are matched, prompts averaged, templates used. */
export const choices = ['matching', 'ensembling', 'diversity', 'gaussian'] as const

/** See {@link choices}. */
export type Choice = (typeof choices)[number]

/** Means and widths of the Gaussian that are tried, in shares of all epochs; published: 3/4 and 1/20. */
const MEANS = [1 / 4, 1 / 2, 3 / 4, 1]
const WIDTHS = [1 / 20, 1 / 4, 1 / 2]

/**
 * Rows of one of the paper's comparisons of choices: the matching loss on features alone (table 5), the averages of
 * prompts (table 6), the templates of a step (table 10), or means and widths of the Gaussian (its sweeps, table 8).
 *
 * @param settings of every row beside the regulators
 * @param weights default: the published ones
 */
export function choiceEntries(
  choice: Choice,
  method: string,
  settings: EntrySettings = {},
  weights: Weights = publishedWeights(),
): Entry[] {
  const all = { ...weights, gpa: true, diverseTeacher: true }
  const row = (name: string, title: string, methodOptions: Record<string, unknown>): Entry => ({
    label: `${method}+${name}`,
    title,
    method,
    settings: { ...settings, methodOptions },
  })
  switch (choice) {
    case 'matching': {
      const features = { ...weights, logitsLossWeight: 0, gpa: false, diverseTeacher: false }
      return [
        row('cosine', 'cosine', { ...features, matching: 'cosine' }),
        row('mse', 'MSE', { ...features, matching: 'mse' }),
        row('l1', 'L1', { ...features, matching: 'l1' }),
      ]
    }
    case 'ensembling':
      return [
        row('none', 'no average', { ...all, gpa: false }),
        row('ema', 'exponential moving average', { ...all, average: 'ema' }),
        row('equal', 'equal weights', { ...all, average: 'equal' }),
        row('gpa', 'Gaussian', { ...all, average: 'gaussian' }),
      ]
    case 'diversity':
      return [
        row('random', 'a random template each step', { ...all, diversity: 'random' }),
        row('mean', 'mean of the templates', { ...all, diversity: 'mean' }),
      ]
    case 'gaussian': {
      const epochs = settings.epochs ?? methodNamed(method).defaults.epochs
      const at = (mean: number, width: number) => {
        const [gpaMean, gpaStd] = [mean * epochs, Math.max(1, width * epochs)]
        return row(`mean${gpaMean}-std${gpaStd}`, `mean ${gpaMean}, width ${gpaStd}`, {
          ...all,
          gpaMean,
          gpaStd,
        })
      }
      const [published, narrow] = [3 / 4, WIDTHS[0]!]
      return [
        ...MEANS.map((mean) => at(mean, narrow)),
        ...WIDTHS.slice(1).map((width) => at(published, width)),
      ]
    }
  }
}
