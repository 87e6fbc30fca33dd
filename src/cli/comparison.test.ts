import { Command } from 'commander'
import { expect, it } from 'vitest'
import { withComparisonOptions } from './comparison.js'

it.each([
  [[], 'emoji-food', 'emoji'],
  [['--draws', '3'], 'emoji-food', 'emoji'],
  [['--model', 'ViT-B/16'], 'emoji-food', 'ViT-B/16'],
  [['--model', 'tiny'], 'toy', 'tiny'],
  [['toy'], 'toy', 'tiny'],
  [['emoji-sky', '--model', 'tiny'], 'emoji-sky', 'tiny'],
  [['photos'], 'photos', 'tiny'],
])('takes data and model of one world for %j', async (args, data, model) => {
  const called: unknown[] = []
  const command = withComparisonOptions(new Command('compare'), 'runs').action((path, flags) => {
    called.push(path, flags.model)
  })
  await command.parseAsync(args, { from: 'user' })
  expect(called).toEqual([data, model])
})
