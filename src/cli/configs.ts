import { Command, Option } from 'commander'
import { allKeys } from '../exchange/configs/check-values.js'
import { publishedConfigs } from '../exchange/configs/published.js'
import { readSources } from '../exchange/configs/sources.js'
import { pythonLiteral } from '../exchange/configs/value.js'
import { writeYaml } from '../exchange/configs/yaml.js'

const examples = `
Examples:
  $ promptsrc configs
  $ promptsrc configs promptsrc/vit_b16_c2_ep20_batch4_4+4ctx
      all that it sets, as a YAML file of the Python code
  $ promptsrc configs --keys
      what becomes of each key
  $ promptsrc train photos --config promptsrc/vit_b16_c2_ep20_batch4_4+4ctx OPTIM.LR 0.001`

/** `promptsrc configs`: the published configurations, and the keys they are made of. */
export function configsCommand(): Command {
  return new Command('configs')
    .argument('[name]', 'print this one as YAML')
    .addOption(
      new Option(
        '--keys',
        'list the keys: honoured, fixed to what is done here anyway, or without effect (none)',
      ),
    )
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(configs)
}

async function configs(
  name: string | undefined,
  { keys, json }: { keys?: boolean; json?: boolean },
): Promise<void> {
  if (keys) process.stdout.write(`${keyList(json)}\n`)
  else if (name !== undefined) process.stdout.write(await oneConfig(name, json))
  else process.stdout.write(`${configList(json)}\n`)
}

function configList(json: boolean | undefined): string {
  if (json) return JSON.stringify(publishedConfigs)
  return publishedConfigs
    .map(({ name, use, values }) => {
      const options = Object.entries(values).filter(([key]) => /^TRAINER\.\w+\.(?!PREC)/.test(key))
      const training = `${values['MODEL.BACKBONE.NAME']}, ${values['OPTIM.MAX_EPOCH']} epochs, batch ${values['DATALOADER.TRAIN_X.BATCH_SIZE']}, lr ${values['OPTIM.LR']}`
      const shown = options.map(([key, value]) => `${key.split('.')[2]}=${pythonLiteral(value)}`)
      return [name, `  ${use}`, `  ${training}`, ...(shown.length > 0 ? [`  ${shown.join(' ')}`] : [])].join(
        '\n',
      )
    })
    .join('\n')
}

async function oneConfig(name: string, json: boolean | undefined): Promise<string> {
  const { values } = await readSources([name], [])
  if (json) return `${JSON.stringify(Object.fromEntries(values))}\n`
  return writeYaml(values)
}

function keyList(json: boolean | undefined): string {
  const keys = [...allKeys].map(([key, { value, taken, effect, note }]) => ({
    key,
    effect,
    default: value,
    ...(taken === undefined ? {} : { taken }),
    note,
  }))
  if (json) return JSON.stringify(keys)
  const wide = Math.max(...keys.map(({ key }) => key.length))
  return keys
    .map(({ key, effect, default: value, taken, note }) => {
      const values = taken === undefined ? `default ${pythonLiteral(value)}` : `only ${pythonLiteral(taken)}`
      return `${key.padEnd(wide)}  ${effect.padEnd(8)}  ${note}; ${values}`
    })
    .join('\n')
}
