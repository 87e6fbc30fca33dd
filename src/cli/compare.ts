import { Command } from 'commander'
import { embeddedSettings } from '../lab/plans/embedded.js'
import { comparable, methodEntries } from '../lab/plans/entries.js'
import { type ComparisonFlags, compareAndPrint, withComparisonOptions } from './comparison.js'
import { methodsOption } from './options.js'

const examples = `
Examples:
  $ promptsrc compare
      every method on the embedded data (emoji-food) with the embedded model, offline
  $ promptsrc compare emoji-sky --draws 5 --seeds 1 --methods ivlp,promptsrc
  $ promptsrc compare photos --model ViT-B/16 --methods zero-shot,ivlp,promptsrc --out runs/photos
  $ promptsrc compare photos --model ViT-B/16 --out runs/photos --markdown > table.md
      goes on with an interrupted comparison; finished runs are not repeated`

/** `promptsrc compare`: several methods over several seeds on one data set. */
export function compareCommand(): Command {
  const names = comparable()
  const command = new Command('compare').addOption(methodsOption(names))
  return withComparisonOptions(command, 'runs/compare-<data>')
    .addHelpText('after', examples)
    .action((data: string, flags: ComparisonFlags & { methods: readonly string[] }) =>
      compareAndPrint(
        {
          path: data,
          title: ({ name }) => `Prompt learning methods on ${name}`,
          out: ({ name }) => `runs/compare-${name}`,
          entries: (embedded) =>
            methodEntries(flags.methods, embedded && ((name) => embeddedSettings(name, embedded))),
        },
        flags,
      ),
    )
}
