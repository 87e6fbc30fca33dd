import { Command } from 'commander'
import { methodNamed, methods } from '../core/methods/registry.js'
import { ablationEntries, type Choice, choiceEntries, choices } from '../lab/plans/ablation.js'
import { embeddedSettings, embeddedWeights } from '../lab/plans/embedded.js'
import { type ComparisonFlags, compareAndPrint, withComparisonOptions } from './comparison.js'
import { oneOf } from './options.js'

const examples = `
Examples:
  $ promptsrc ablate
      the paper's ablation with the embedded model and data, offline
  $ promptsrc ablate --method maple
      the same regulators on other prompts
  $ promptsrc ablate --part matching
      L1, MSE or cosine; also ensembling, diversity and gaussian, the paper's other comparisons
  $ promptsrc ablate photos --model ViT-B/16 --seeds 1,2,3`

/** `promptsrc ablate`: what each of PromptSRC's regulators adds. */
export function ablateCommand(): Command {
  const able = Object.values(methods).flatMap(({ name, options }) =>
    'textLossWeight' in options.shape ? [name] : [],
  )
  const command = new Command('ablate')
    .option('--method <name>', `whose prompts are regulated: ${able.join(', ')}`, oneOf(able), 'ivlp')
    .option(
      '--part <name>',
      `which of the paper’s comparisons: ${parts.join(', ')}`,
      oneOf(parts),
      'components',
    )
  return withComparisonOptions(command, 'runs/ablate-<data>-<method>')
    .addHelpText('after', examples)
    .action((data: string, flags: AblationFlags) => ablate(data, flags))
}

/** `components` are the regulators one by one. */
const parts = ['components', ...choices] as const

interface AblationFlags extends ComparisonFlags {
  readonly method: string
  readonly part: (typeof parts)[number]
}

/** Compares what one part of the ablation varies. */
function ablate(path: string, flags: AblationFlags): Promise<void> {
  const { method, part } = flags
  const end = part === 'components' ? method : `${method}-${part}`
  const { epochs } = flags
  const common = epochs === undefined ? {} : { epochs }
  const entries = part === 'components' ? ablationEntries : choiceEntries.bind(null, part satisfies Choice)
  return compareAndPrint(
    {
      path,
      title: ({ name }) => `${titles[part]} on ${methodNamed(method).title}, ${name}`,
      out: ({ name }) => `runs/ablate-${name}-${end}`,
      entries: (embedded) =>
        embedded
          ? entries(
              method,
              { ...embeddedSettings(method, embedded), ...common },
              embedded === 'toy' ? embeddedWeights : undefined,
            )
          : entries(method, common),
    },
    flags,
  )
}

const titles = {
  components: 'Regulators',
  matching: 'Matching losses',
  ensembling: 'Averages of prompts',
  diversity: 'Textual diversity',
  gaussian: 'Means and widths of the Gaussian',
} as const
