import { Command } from 'commander'
import { methodNamed, methods } from '../core/methods/registry.js'
import { ablationEntries } from '../lab/plans/ablation.js'
import { embeddedSettings, embeddedWeights } from '../lab/plans/embedded.js'
import { type ComparisonFlags, compareAndPrint, withComparisonOptions } from './comparison.js'
import { oneOf } from './options.js'

const examples = `
Examples:
  $ promptsrc ablate
      the paper's ablation with the embedded model and data, offline
  $ promptsrc ablate --method maple
      the same regulators on other prompts
  $ promptsrc ablate photos --model ViT-B/16 --seeds 1,2,3`

/** `promptsrc ablate`: what each of PromptSRC's regulators adds. */
export function ablateCommand(): Command {
  const command = new Command('ablate')
    .argument('[data]', 'folder of images, see `promptsrc train --help`, or a drawn set', 'toy')
    .option('--method <name>', 'whose prompts are regulated', oneOf(Object.keys(methods)), 'ivlp')
  return withComparisonOptions(command, 'runs/ablate-<data>-<method>')
    .addHelpText('after', examples)
    .action((data: string, flags: ComparisonFlags & { method: string }) =>
      compareAndPrint(
        {
          path: data,
          title: ({ name }) => `Regulators on ${methodNamed(flags.method).title}, ${name}`,
          out: ({ name }) => `runs/ablate-${name}-${flags.method}`,
          entries: (embedded) =>
            embedded
              ? ablationEntries(
                  flags.method,
                  embeddedSettings(flags.method, embedded),
                  embedded === 'toy' ? embeddedWeights : undefined,
                )
              : ablationEntries(flags.method),
        },
        flags,
      ),
    )
}
