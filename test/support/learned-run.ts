import type { Run } from '../../src/core/evaluate/create-classifier.js'
import type { Examples } from '../../src/core/methods/method.js'
import { shapeOf } from '../../src/core/methods/parameter-shape.js'
import { configure, methodNamed } from '../../src/core/methods/registry.js'
import type { Model } from '../../src/core/model.js'
import { referenceTo } from '../../src/core/model-reference.js'
import { randomStream } from '../../src/core/random.js'
import { resolveSettings } from '../../src/core/train/settings.js'

export const learnedClasses = ['red square', 'blue circle', 'green triangle', 'yellow star', 'purple ring']

/** A run as if it had been trained: every method's starting values, moved a little where they are trained. */
export async function learnedRun(
  model: Model,
  name: string,
  given: Readonly<Record<string, unknown>> = {},
  classNames: readonly string[] = learnedClasses,
): Promise<Run> {
  const { clip } = model
  const { methodOptions } = resolveSettings({ method: name, methodOptions: { ...given } }, clip)
  const choice = { method: methodNamed(name), methodOptions, classNames }
  const configured = configure(choice, clip)
  const parameters = new Map<string, Float32Array>()
  const examples =
    configured.features && exampleFeatures(configured.features.width, clip.config.embedDim, classNames.length)
  for (const spec of configured.parameters) {
    const random = randomStream(3, spec.name)
    const start = await spec.init(random, examples)
    shapeOf(spec, start.length)
    const moved = start.map((value) => value + 0.05 * (random.uniform() - 0.5) * (Math.abs(value) + 0.02))
    parameters.set(spec.name, spec.trained === false ? start : moved)
  }
  return { model, prompts: { ...choice, parameters, model: await referenceTo(model) } }
}

/** Four images a class, each class around a direction of its own. */
function exampleFeatures(width: number, embedDim: number, classes: number): Examples {
  const draw = (name: string, size: number) => {
    const random = randomStream(7, name)
    return Float32Array.from({ length: size }, () => random.uniform() - 0.5)
  }
  const labels = Int32Array.from({ length: 4 * classes }, (_, i) => i % classes)
  const centers = draw('centers', classes * width)
  const view = async (v: number) => {
    const noise = draw(`view ${v}`, labels.length * width)
    return noise.map(
      (value, i) => 0.3 * value + centers[labels[Math.floor(i / width)]! * width + (i % width)]!,
    )
  }
  const text = draw('text', classes * embedDim)
  for (let c = 0; c < classes; c++) {
    const row = text.subarray(c * embedDim, (c + 1) * embedDim)
    const length = Math.hypot(...row)
    for (let i = 0; i < row.length; i++) row[i] = row[i]! / length
  }
  return { labels, view, text }
}
