import { expect, it } from 'vitest'
import { expectRefused, promptsrc } from '../support/command.js'

it('lists thirteen tables with what they need and take', async () => {
  const { stdout, code } = await promptsrc('.', 'paper')
  expect(code).toBe(0)
  expect(stdout.match(/^ ?\d+ {2}/gm)).toHaveLength(13)
  expect(stdout).toMatch(/matched\n {6}of: the eleven data sets\n {6}on emoji: 72 trainings, about 24 min/)
  expect(stdout).toContain('not here: lacks videos')
  const { tables } = JSON.parse((await promptsrc('.', 'paper', '--json')).stdout) as {
    tables: { number: number; command: string | null }[]
  }
  expect(tables[4]).toMatchObject({ number: 5, command: expect.stringContaining('promptsrc paper 5') })
  expect(tables[8]).toMatchObject({ number: 9, command: null })
})

it('refuses a table that is not there, and one that needs what is not here, with its figures', async () => {
  expectRefused(await promptsrc('.', 'paper', '14'), 'the paper has no table 14')
  const video = await promptsrc('.', 'paper', '9')
  expectRefused(video, 'table 9')
  expect(video.stderr).toContain('96.43')
})
