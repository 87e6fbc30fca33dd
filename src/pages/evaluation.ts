import { calibrationFigure } from './calibration.js'
import { classAccuracies } from './class-accuracies.js'
import { confusedPairs } from './confused-pairs.js'
import { confusionMatrix } from './confusion-matrix.js'
import { escapeHtml } from './escape-html.js'
import type { Section } from './page.js'
import type { EvaluationData } from './report-data.js'

/** Totals, calibration, accuracy by class and confusions of an evaluation. */
export async function evaluationSection(data: EvaluationData): Promise<Section> {
  const { caption, classNames, metrics, calibration } = data
  const { count, accuracy, macroF1, meanPerClassAccuracy, expectedCalibrationError } = metrics
  const percent = (value: number) => `${value.toFixed(1)} %`
  const tiles = [
    ['accuracy', percent(accuracy)],
    ['mean accuracy of classes', percent(meanPerClassAccuracy)],
    ['macro F1', percent(macroF1)],
    ['calibration error', percent(expectedCalibrationError)],
    ['images', count.toLocaleString('en')],
  ].map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`)
  const reliability = calibration ? await calibrationFigure(calibration, expectedCalibrationError) : ''
  const pairs = confusedPairs(classNames, metrics.confusion)
  return {
    id: 'evaluation',
    title: 'Evaluation',
    html: `<p class="note">${escapeHtml(caption)}</p><dl class="tiles">${tiles.join('')}</dl>
<div class="halves"><div>${classAccuracies(classNames, metrics)}</div><div>${pairs}</div></div>
<div class="row">${await confusionMatrix(classNames, metrics.confusion)}${reliability}</div>`,
  }
}
