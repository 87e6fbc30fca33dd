import { describe, expect, it } from 'vitest'
import { program } from '../../src/cli/program.js'
import { expectRefused, promptsrc } from '../support/command.js'

describe('the help', () => {
  it('lists every command once, in groups', () => {
    const help = program().helpInformation()
    for (const command of program().commands) {
      expect(command.helpGroup(), command.name()).not.toBe('')
      expect(help.match(new RegExp(`^ {2}${command.name()}\\b`, 'gm')), command.name()).toHaveLength(1)
    }
    expect(help.match(/^\S.*:$/gm)).toEqual([
      'Options:',
      'Learn and use:',
      'Baselines:',
      'Compare and benchmark:',
      'Methods, models and data:',
      'Exchange with the Python code:',
    ])
  })

  it.each([['train'], ['data', 'prepare']])('is pointed to by a mistaken option: %s', async (...names) => {
    const name = names.filter((part) => part !== undefined)
    expectRefused(await promptsrc('.', ...name, '--no-such-option'), 'add --help for the options')
  })
})

describe('a benchmark', () => {
  it('refuses unknown data before it fetches a model', async () => {
    expectRefused(await promptsrc('.', 'bench', 'few-shot', '--datasets', 'no-data'), 'no-data', 'data list')
  })
})
