import { Command } from 'commander'
import { methods } from '../methods/registry.js'

const examples = `
Examples:
  $ promptsrc methods
  $ promptsrc methods --json
  $ promptsrc train photos --model ViT-B/16 --method promptsrc --set textLossWeight=10`

/** `promptsrc methods`: the methods there are. */
export function methodsCommand(): Command {
  return new Command('methods')
    .description('list the methods with their options')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(({ json }: { json?: boolean }) => {
      const list = Object.values(methods).map(({ name, title, paper, summary, options, defaults }) => ({
        name,
        title,
        paper,
        summary,
        training: defaults,
        options: options.parse({}) as Record<string, unknown>,
      }))
      if (json) {
        process.stdout.write(`${JSON.stringify(list)}\n`)
        return
      }
      for (const { name, summary, paper, training, options } of list) {
        const show = (values: object) =>
          Object.entries(values)
            .map(([key, value]) => `${key}=${value}`)
            .join(' ')
        process.stdout.write(
          `${name}\n  ${summary}\n  ${paper}\n  training: ${show(training)}\n  options: ${show(options)}\n`,
        )
      }
    })
}
