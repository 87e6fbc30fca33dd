import { measureLinearProbe } from '../../core/probe/measure-probe.js'
import type { Baseline } from './baseline.js'
import { zeroShot } from './zero-shot.js'

/** A linear probe, measured where the classes are those that it learned. */
export const linearProbe: Baseline = {
  title: 'linear probe',
  paper: zeroShot.paper,
  summary: 'a logistic regression on frozen image features; knows only the classes it was shown',
  seeded: true,
  async measure({ targets, onProgress, ...context }) {
    const known = targets.filter(
      ({ classes, images }) => classes === context.classes && images.name === context.data.name,
    )
    const { probe, evaluation } = await measureLinearProbe({
      ...context,
      onProgress: ({ done, total }) => onProgress?.(known[0]?.name ?? '', done, total),
    })
    return {
      evaluations: Object.fromEntries(known.map(({ name }) => [name, evaluation])),
      parameters: probe.weights.length + probe.bias.length,
    }
  },
}
