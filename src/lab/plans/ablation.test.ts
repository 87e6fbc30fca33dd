import { expect, it } from 'vitest'
import { ablationEntries } from './ablation.js'

it('does not call prompts PromptSRC that are trained without its regulators', () => {
  expect(ablationEntries('promptsrc')[0]!.title).toBe('PromptSRC without regulators')
  expect(ablationEntries('ivlp')[0]!.title).toBe('IVLP')
})
