import { Command, Option } from 'commander'
import { toyDataset, toySets } from '../toy/datasets.js'
import { writeToyFolder } from '../toy/write-folder.js'
import { wholeNumber } from './options.js'

const examples = `
Examples:
  $ promptsrc toy shapes
  $ promptsrc train shapes --model tiny`

/** `promptsrc toy`: writes a drawn data set as image files, to try the other commands on. */
export function toyCommand(): Command {
  return new Command('toy')
    .description('write a drawn data set as image files, to try the other commands on')
    .argument('<folder>', 'folder to write to')
    .addOption(new Option('--set <name>', 'which set').choices(Object.keys(toySets)).default('toy'))
    .option('--seed <n>', 'which pictures', wholeNumber(0), 0)
    .addHelpText('after', examples)
    .action(async (folder: string, { set, seed }: { set: string; seed: number }) => {
      const dataset = toyDataset(set, { seed })
      const images = await writeToyFolder(folder, dataset)
      process.stdout.write(`${images} images of ${dataset.classNames.length} classes in ${folder}\n`)
    })
}
