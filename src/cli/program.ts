import { Command } from 'commander'
import { packageVersion } from '../node/runs/environment.js'
import { ablateCommand } from './ablate.js'
import { benchCommand } from './bench.js'
import { cacheCommand } from './cache.js'
import { compareCommand } from './compare.js'
import { configsCommand } from './configs.js'
import { dataCommand } from './data-command.js'
import { demoCommand } from './demo.js'
import { evalCommand } from './eval.js'
import { exportCommand } from './export.js'
import { importCommand } from './import.js'
import { infoCommand } from './info.js'
import { interpretCommand } from './interpret.js'
import { linearProbeCommand } from './linear-probe.js'
import { methodsCommand } from './methods.js'
import { parityCommand } from './parity.js'
import { predictCommand } from './predict.js'
import { resultsCommand } from './results.js'
import { toyCommand } from './toy.js'
import { trainCommand } from './train.js'
import { unitCommand } from './unit.js'
import { unitsCommand } from './units.js'
import { zeroShotCommand } from './zero-shot.js'

/** The command line, without side effects until it is parsed. Errors are thrown, not printed and exited on. */
export function program(): Command {
  const root = new Command('promptsrc')
    .description(
      'Prompt learning for CLIP: adapt it to your own classes from few images, without forgetting the rest.',
    )
    .version(packageVersion())
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .commandsGroup('Methods, models and data:')
    .helpCommand('help [command]', 'display help for command')
  for (const [heading, commands] of groups()) {
    for (const command of commands) {
      root.addCommand(command.helpGroup(heading))
      for (const each of [command, ...command.commands]) each.copyInheritedSettings(root).exitOverride()
    }
  }
  return root.exitOverride()
}

/** Commands as the help lists them: what one's own photos need first, then the measuring of methods. */
const groups = (): readonly (readonly [heading: string, commands: readonly Command[]])[] => [
  ['Learn and use:', [demoCommand(), trainCommand(), evalCommand(), predictCommand(), interpretCommand()]],
  ['Baselines:', [zeroShotCommand(), linearProbeCommand()]],
  [
    'Compare and benchmark:',
    [compareCommand(), ablateCommand(), benchCommand(), resultsCommand(), unitsCommand(), unitCommand()],
  ],
  [
    'Methods, models and data:',
    [methodsCommand(), infoCommand(), dataCommand(), toyCommand(), cacheCommand()],
  ],
  ['Exchange with the Python code:', [configsCommand(), importCommand(), exportCommand(), parityCommand()]],
]
