import { expect, it } from 'vitest'
import { evaluateLogits } from '../core/evaluate/metrics.js'
import { evaluationReport } from './evaluation-report.js'

const logits = Float32Array.of(3, 1, 0, 2)
const labels = Int32Array.of(0, 1)
const evaluation = { logits, labels, metrics: evaluateLogits(logits, labels, 2), skipped: [] }
const shown = {
  subject: 'PromptSRC',
  data: 'photos',
  classNames: ['cat', 'dog'],
  evaluation: evaluation as never,
  notes: ['these are the training images'],
  facts: { exif: 'apply' },
  environment: { node: 'v20' },
}

it('shows figures, notes and how photos were seen', async () => {
  const page = await evaluationReport(shown)
  expect(page).toContain('PromptSRC on photos')
  expect(page).toContain('<p class="note">these are the training images</p>')
  expect(page).toMatch(/exif<\/th><td>apply/)
  expect(page).not.toContain('None of these')
})

it('shows the scores of other images, and what the threshold accepts', async () => {
  const page = await evaluationReport({
    ...shown,
    others: {
      data: 'holiday <b>',
      count: 5,
      auroc: 91.26,
      falsePositiveRateAt95: 20,
      histogram: [
        { from: 0.1, to: 0.2, known: 1, other: 4 },
        { from: 0.2, to: 0.3, known: 9, other: 1 },
      ],
      atThreshold: { threshold: 0.15, accepted: 95.5, otherAccepted: 40 },
    },
  })
  expect(page).toContain('None of these')
  expect(page).toContain('<dd>91.3 %</dd>')
  expect(page).toContain('holiday &lt;b&gt;')
  expect(page).toContain('accepts 95.5 % of the classes and 40.0 % of the others')
  expect(page).toContain(
    'from 0.10000 1 of the classes and 4 others; from 0.20000 9 of the classes and 1 others',
  )
})
