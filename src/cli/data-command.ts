import { Command } from 'commander'
import { dataCheckCommand } from './data-check.js'
import { dataListCommand } from './data-list.js'
import { dataPrepareCommand } from './data-prepare.js'

const examples = `
Examples:
  $ promptsrc data list --root ~/data
  $ promptsrc data prepare EuroSAT --root ~/data
  $ promptsrc data check EuroSAT --root ~/data --sheet`

/** `promptsrc data`: the data sets there are, and what of them is here. */
export function dataCommand(): Command {
  const command = new Command('data').addHelpText('after', examples)
  for (const sub of [dataListCommand(), dataCheckCommand(), dataPrepareCommand()]) {
    command.addCommand(sub)
  }
  return command
}
