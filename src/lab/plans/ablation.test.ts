import { expect, it } from 'vitest'
import { methodNamed } from '../../core/methods/registry.js'
import { resolveSettings } from '../../core/train/settings.js'
import { ablationEntries, choiceEntries, choices } from './ablation.js'

it('does not call prompts PromptSRC that are trained without its regulators', () => {
  expect(ablationEntries('promptsrc')[0]!.title).toBe('PromptSRC without regulators')
  expect(ablationEntries('ivlp')[0]!.title).toBe('IVLP')
})

it.each(choices)(
  '%s: every row differs from the others in what is trained, under a name of its own',
  (choice) => {
    const entries = choiceEntries(choice, 'ivlp', { epochs: 20 })
    expect(new Set(entries.map(({ label }) => label)).size).toBe(entries.length)
    const resolved = entries.map(
      ({ method, settings }) => resolveSettings({ ...settings, method }).methodOptions,
    )
    expect(new Set(resolved.map((options) => JSON.stringify(options))).size).toBe(entries.length)
  },
)

it('sweeps the Gaussian in shares of the epochs, the published one among them', () => {
  const published = methodNamed('promptsrc').options.parse({})
  const options = choiceEntries('gaussian', 'ivlp', { epochs: 20 }).map(
    ({ settings }) => settings.methodOptions,
  )
  expect(options).toContainEqual(
    expect.objectContaining({ gpaMean: published.gpaMean, gpaStd: published.gpaStd }),
  )
  const [first] = choiceEntries('gaussian', 'ivlp', { epochs: 8 })
  expect(first!.settings.methodOptions).toMatchObject({ gpaMean: 2, gpaStd: 1 })
})
