import { harmonicMean } from '../../core/evaluate/metrics.js'
import type { Summary } from '../../core/evaluate/statistics.js'
import type { Comparison, ComparisonOptions, Unit } from './comparison.js'
import { accuraciesOf, rowsOf } from './figures.js'

/** The figures of a comparison as plain data (docs/comparison.md). */
export function comparisonJson(
  comparison: Comparison,
  { model, data, dataPath, out }: Pick<ComparisonOptions, 'model' | 'data' | 'dataPath' | 'out'>,
) {
  return {
    data: { name: data.name, path: dataPath, classNames: data.classNames },
    model: { name: model.name, sha256: model.sha256 },
    seeds: comparison.seeds,
    out,
    rows: rowsOf(comparison).map(
      ({ entry, units, base, novel, hm, parameters, stepSeconds, peakMemoryMB }) => {
        const runs = units.map(runOf)
        const { seed: _, ...settings } = units[0]!.spec.settings
        return {
          label: entry.label,
          title: entry.title,
          method: entry.method,
          settings,
          base: plain(base),
          novel: novel && plain(novel),
          hm: hm && plain(hm),
          parameters,
          stepSeconds,
          peakMemoryMB,
          runs,
        }
      },
    ),
    failed: comparison.units.flatMap(({ entry, spec, folder, failure }) =>
      failure
        ? [
            {
              label: entry.label,
              seed: spec.settings.seed,
              folder,
              message: failure.message,
              hint: failure.hint ?? null,
            },
          ]
        : [],
    ),
  }
}

const plain = ({ mean, std, interval }: Summary) => ({ mean, std, interval })

function runOf({ spec, folder, result }: Unit) {
  const { stepSeconds, peakMemoryMB } = result!
  const { base, novel } = accuraciesOf(result!)
  return {
    seed: spec.settings.seed,
    folder,
    base,
    novel: novel ?? null,
    hm: novel === undefined ? null : harmonicMean(base, novel),
    stepSeconds,
    peakMemoryMB,
  }
}
