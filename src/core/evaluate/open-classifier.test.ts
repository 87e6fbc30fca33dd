import { afterAll, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, smallConfig, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { configure, methodNamed, methods } from '../methods/registry.js'
import { randomStream } from '../random.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { resolveSettings } from '../train/settings.js'
import { createClassifier, type Run } from './create-classifier.js'
import { openClassifier } from './open-classifier.js'

const clip = randomClip(smallConfig, wordTokenizer as Tokenizer)
const runtime = nodeRuntime({ threads: 1, worker: false })
afterAll(() => runtime.close())
const trained = ['cat', 'dog', 'lily of the valley']
const small: Record<string, object> = { proda: { prompts: 8, context: 4 }, coop: { context: 4 } }
const images = randomTensor('images', [3, 3, 32, 32]).data
const perImage = images.length / 3

/** What a method starts from, with features that are drawn. */
async function begun(name: string): Promise<Run> {
  const { methodOptions } = resolveSettings({ method: name, methodOptions: { ...small[name] } }, clip)
  const choice = { method: methodNamed(name), methodOptions, classNames: trained }
  const drawn = (what: string, rows: number) => randomTensor(what, [rows, 32]).data
  const labels = Int32Array.from({ length: 12 }, (_, i) => i % 3)
  const examples = { labels, view: async (v: number) => drawn(`view ${v}`, 12), text: drawn('text', 3) }
  const parameters = new Map<string, Float32Array>()
  for (const spec of configure(choice, clip).parameters) {
    parameters.set(spec.name, await spec.init(randomStream(1, spec.name), examples))
  }
  return { prompts: { ...choice, parameters }, model: { clip, runtime } } as unknown as Run
}

it.each(Object.keys(methods))('gives the logits of the classifier for any classes: %s', async (name) => {
  const run = await begun(name)
  const open = openClassifier(run)
  const whole = await open.encoder(3)
  const single = await open.encoder(1)
  for (const classNames of [trained, ['dog', 'white cat', 'oak', 'a bus']]) {
    await using classifier = await createClassifier(run, { classNames, batchSize: 3 })
    const { logits } = await classifier.classify(images)
    const classes = await open.classes(classNames, 3)
    expect(classes.classNames).toEqual(classNames)
    const together = await classes.logits(await whole.encode(images))
    const rows: number[] = []
    for (let i = 0; i < 3; i++) {
      const encoded = await single.encode(images.slice(i * perImage, (i + 1) * perImage))
      expect(encoded).toHaveLength(open.width)
      rows.push(...(await classes.logits(encoded)))
    }
    await classes.release()
    for (const found of [together, rows]) {
      expect(found).toHaveLength(3 * classNames.length)
      for (const [i, value] of logits.entries()) expect(found[i]).toBeCloseTo(value, 3)
    }
  }
})
