import { Help } from 'commander'
import { describe, expect, it } from 'vitest'
import { expectRefused, program, promptsrc, startPromptsrc } from '../support/command.js'

const names = async () => (await program([])).commands.map((command) => command.name())

describe('the help', () => {
  it('lists every command once, in groups', async () => {
    const root = await program([])
    const help = root.helpInformation()
    for (const command of root.commands) {
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

  it('lists every command with its own arguments', async () => {
    const help = new Help()
    for (const name of await names()) {
      const root = await program([name])
      const command = root.commands.find((each) => each.name() === name)!
      const listed = root.createHelp().subcommandTerm(command)
      expect(listed).toBe(help.subcommandTerm(command))
    }
  })

  it('shows examples for every command', async () => {
    for (const name of await names()) {
      const command = (await program([name])).commands.find((each) => each.name() === name)!
      let text = ''
      command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
      expect(text).toMatch(new RegExp(`Examples:\n {2}\\$ promptsrc ${name}`))
    }
  })

  it.each([['train'], ['data', 'prepare']])('is pointed to by a mistaken option: %s', async (...names) => {
    const name = names.filter((part) => part !== undefined)
    expectRefused(await promptsrc('.', ...name, '--no-such-option'), 'add --help for the options')
  })
})

describe('the version', () => {
  it('is told without loading a command, or anything that one needs', async () => {
    const inline = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
    const hook = inline(
      `import { writeSync } from 'node:fs'; export const load = (url, context, next) => { writeSync(2, url + '\\n'); return next(url, context) }`,
    )
    const register = inline(`import { register } from 'node:module'; register(${JSON.stringify(hook)})`)
    const { stderr } = await startPromptsrc('.', ['--version'], ['--import', register]).ended
    const modules = stderr.split('\n').filter((url) => url.startsWith('file:'))
    expect(modules.filter((url) => /node_modules/.test(url) && !/commander/.test(url))).toEqual([])
    expect(modules.length).toBeGreaterThan(2)
    expect(modules.length).toBeLessThan(15)
  })
})

describe('a benchmark', () => {
  it('refuses unknown data before it fetches a model', async () => {
    expectRefused(await promptsrc('.', 'bench', 'few-shot', '--datasets', 'no-data'), 'no-data', 'data list')
  })
})
