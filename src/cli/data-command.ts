import { Command } from 'commander'
import { dataCheckCommand } from './data-check.js'
import { dataListCommand } from './data-list.js'
import { dataPrepareCommand } from './data-prepare.js'

/** `promptsrc data`: the data sets there are, and what of them is here. */
export function dataCommand(): Command {
  const command = new Command('data').description('list data sets, unpack their archives, check them')
  for (const sub of [dataListCommand(), dataCheckCommand(), dataPrepareCommand()]) {
    command.addCommand(sub)
  }
  return command
}
