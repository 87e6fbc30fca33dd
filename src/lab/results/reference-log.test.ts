import { describe, expect, it } from 'vitest'
import { logText } from '../../../test/support/results-tree.js'
import { parseReferenceLog } from './reference-log.js'

const sample = {
  trainer: 'PromptSRC',
  dataset: 'Caltech101',
  classes: 'new',
  seed: 2,
  correct: 2312,
  total: 2465,
  output: 'output/x/seed2',
} as const
const evaluation = logText({ ...sample, modelDir: 'output/y/seed2' })
const training = logText(sample)
const accuracy = (100 * 2312) / 2465

describe('a log of the reference', () => {
  it('says how the run was set up, and its accuracy by count', () => {
    const { args, config, result } = parseReferenceLog(evaluation)
    expect(args.get('model_dir')).toBe('output/y/seed2')
    expect(args.get('eval_only')).toBe('True')
    expect(Object.fromEntries(config)).toMatchObject({
      'DATASET.NAME': 'Caltech101',
      'DATASET.NUM_SHOTS': '16',
      'DATASET.SUBSAMPLE_CLASSES': 'new',
      'MODEL.BACKBONE.NAME': 'ViT-B/16',
      OUTPUT_DIR: 'output/x/seed2',
      SEED: '2',
      'TRAINER.NAME': 'PromptSRC',
    })
    expect(result).toEqual({ accuracy, macroF1: 93.4 })
  })

  it('reads the same with the line ends of Windows and of terminals', () => {
    const bar = '  0%|          | 0/25 [00:00<?, ?it/s]\r100%|##########| 25/25 [00:09<00:00]\n=> result'
    expect(parseReferenceLog(evaluation.replaceAll('\n', '\r\n'))).toEqual(parseReferenceLog(evaluation))
    expect(parseReferenceLog(evaluation.replace('=> result', bar)).result).toEqual({
      accuracy,
      macroF1: 93.4,
    })
  })

  it('counts the last of several results', () => {
    const later =
      '=> result\n* total: 200\n* correct: 150\n* accuracy: 75.0%\n* error: 25.0%\n* macro_f1: 74.0%\n'
    expect(parseReferenceLog(evaluation + later).result).toEqual({ accuracy: 75, macroF1: 74 })
  })

  it('takes the printed accuracy where nothing is counted', () => {
    const text = evaluation.replace(/\* (total|correct): .*\n/g, '')
    expect(parseReferenceLog(text).result).toEqual({ accuracy: 93.8, macroF1: 93.4 })
  })

  it('leaves a macro F1 that is not a number out', () => {
    expect(parseReferenceLog(evaluation.replace(/macro_f1: .*/, 'macro_f1: nan%')).result).toEqual({
      accuracy,
    })
  })

  it('has no result where the file breaks off before the accuracy', () => {
    const at = evaluation.indexOf('* correct')
    for (const end of [0, 40, evaluation.indexOf('=> result'), at, at + 9]) {
      expect(parseReferenceLog(evaluation.slice(0, end)).result).toBeUndefined()
    }
    expect(parseReferenceLog(evaluation.slice(0, evaluation.indexOf('* accuracy') + 14)).result).toEqual({
      accuracy,
    })
  })

  it('counts no result of a training that has not ended, nor of validation images', () => {
    const during = '=> result\n* total: 200\n* correct: 150\n* accuracy: 75.0%\n'
    const ended = training.indexOf('Finish training')
    expect(parseReferenceLog(training.slice(0, ended) + during).result).toBeUndefined()
    expect(parseReferenceLog(`${training}Do evaluation on val set\n${during}`).result?.accuracy).toBe(
      accuracy,
    )
    expect(parseReferenceLog(training.replace('Finish training', 'Finished training')).result?.accuracy).toBe(
      accuracy,
    )
  })

  it('goes by its last part where a training was resumed', () => {
    const resumed = training.slice(0, training.indexOf('Finish training'))
    expect(parseReferenceLog(training + resumed).result).toBeUndefined()
    expect(parseReferenceLog(resumed + training).result?.accuracy).toBe(accuracy)
  })

  it.each([
    ['* accuracy: 93.8%', '* accuracy: nan%', 'only'],
    ['* accuracy: 93.8%', '* accuracy: 50.0%', 'of 2465 are correct'],
    ['* correct: 2,312', '* correct: 9,999', 'accuracy'],
  ])('refuses %s as %s', (from, to, words) => {
    const text = words === 'only' ? evaluation.replace(/\* (total|correct): .*\n/g, '') : evaluation
    expect(() => parseReferenceLog(text.replace(from, to))).toThrow(words === 'only' ? '"nan%"' : words)
  })

  it('reads anything without a result as one without', () => {
    for (const text of ['', '\0'.repeat(1000), '=> result', '** Config **\n  : :\nA:\n', '{"a": 1}']) {
      expect(parseReferenceLog(text).result).toBeUndefined()
    }
  })
})
