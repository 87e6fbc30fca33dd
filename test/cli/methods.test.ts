import { describe, expect, it } from 'vitest'
import { methods } from '../../src/core/methods/registry.js'
import { promptsrc, promptsrcProcess } from '../support/command.js'

describe('promptsrc methods', () => {
  it('lists every method with its paper, training settings and options', async () => {
    const { code, stdout } = await promptsrcProcess('.', 'methods')
    expect(code).toBe(0)
    for (const { name, paper } of Object.values(methods)) {
      expect(stdout).toContain(`${name}  `)
      expect(stdout).toContain(paper)
    }
    expect(stdout).toContain('classSpecific=false  a context of its own for every class')
  })

  it('gives one as JSON with defaults and meanings', async () => {
    const { stdout } = await promptsrc('.', 'methods', 'maple', '--json')
    const [maple] = JSON.parse(stdout)
    expect(maple).toMatchObject({ name: 'maple', training: { batchSize: 4, learningRate: 0.0035 } })
    expect(maple.options.depth).toEqual({
      default: 9,
      meaning: 'blocks of both towers with prompts of their own',
    })
  })

  it('lists the baselines with paper and what they are, alone and as JSON', async () => {
    const { stdout } = await promptsrc('.', 'methods', '--json')
    const list = JSON.parse(stdout)
    expect(list.map(({ name }: { name: string }) => name)).toEqual([
      ...Object.keys(methods),
      'zero-shot',
      'linear-probe',
    ])
    expect(list.at(-1)).toEqual({
      name: 'linear-probe',
      kind: 'baseline',
      title: 'linear probe',
      paper: expect.stringContaining('Radford'),
      summary: expect.stringContaining('logistic regression'),
    })
    const alone = await promptsrc('.', 'methods', 'zero-shot')
    expect(alone.stdout).toMatch(/^zero-shot {2}zero-shot CLIP: .*\n {2}Radford et al\..*\n$/)
  })

  it('refuses a method that does not exist, naming those there are', async () => {
    const { code, stderr } = await promptsrc('.', 'methods', 'coop2')
    expect(code).toBe(2)
    expect(stderr).toMatch(/coop2.*promptsrc/s)
  })
})
