import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { predict } from '../../node/data/predict.js'
import { loadModel } from '../../node/model.js'
import { ImageError, type UserError } from '../errors.js'
import { createClassifier, type Run } from '../evaluate/create-classifier.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Model } from '../model.js'
import { randomStream } from '../random.js'
import { type ImageAttention, imageAttention, type LookedAtImage, whyNoPictures } from './image-attention.js'
import { interpretRun } from './interpret-run.js'

const classNames = ['red square', 'blue circle', 'green ring']

let model: Model
beforeAll(async () => {
  model = await loadModel('tiny')
})
afterAll(() => model.close())

/** A run of drawn prompts, large ones, so that they change what is seen. */
async function drawnRun(given: object, name: string = 'ivlp'): Promise<Run> {
  const method = methodNamed(name)
  const methodOptions = method.options.parse(given)
  const parameters = new Map<string, Float32Array>()
  for (const { name, init } of configure({ method, methodOptions, classNames }, model.clip).parameters) {
    parameters.set(
      name,
      (await init(randomStream(3, name))).map((value) => 20 * value),
    )
  }
  return {
    model,
    prompts: { method, methodOptions, parameters, classNames, model: { name: 'tiny', sha256: '' } },
  }
}

const noise = (seed: number): LookedAtImage => ({
  name: `noise ${seed}`,
  truth: classNames[0]!,
  async load() {
    const random = randomStream(seed, 'noise')
    return { width: 60, height: 50, data: Uint8Array.from({ length: 9000 }, () => random.integer(256)) }
  },
})
const damaged: LookedAtImage = {
  name: 'damaged',
  load: () => Promise.reject(new ImageError('damaged: not an image')),
}

async function seen(run: Run, images: readonly LookedAtImage[], onBadImage?: (error: UserError) => void) {
  const views: ImageAttention[] = []
  for await (const view of imageAttention(run, images, onBadImage ? { onBadImage } : {})) views.push(view)
  return views
}

describe('what the image tower looks at', () => {
  it.each([
    ['ivlp', { visionDepth: 2 }],
    ['promptsrc', {}],
    ['maple', { depth: 3 }],
  ] as const)('is shared among patches, class token and prompts: %s', async (name, options) => {
    const [view] = await seen(await drawnRun(options, name), [noise(1)])
    expect(view!.grid).toBe(6)
    for (const { patches, classToken, prompts } of [view!.before, view!.after]) {
      expect(patches).toHaveLength(36)
      expect(patches.reduce((sum, share) => sum + share, classToken + prompts)).toBeCloseTo(1, 5)
      for (const share of [...patches, classToken, prompts]) expect(share).toBeGreaterThanOrEqual(0)
    }
    expect(view!.before.prompts).toBe(0)
    expect(view!.after.prompts).toBeGreaterThan(0.01)
  })

  it('depends on the prompts after prompting alone', async () => {
    const [shallow] = await seen(await drawnRun({ visionDepth: 1 }), [noise(1)])
    const [deep] = await seen(await drawnRun({ visionDepth: 4 }), [noise(1)])
    expect(shallow!.before).toEqual(deep!.before)
    expect(shallow!.after.patches).not.toEqual(deep!.after.patches)
    expect(deep!.after.prompts).toBeGreaterThan(shallow!.after.prompts)
  })

  it('comes with what the run predicts, image by image', async () => {
    const run = await drawnRun({})
    const images = [noise(1), noise(2)]
    const views = await seen(run, images)
    const pixels = await Promise.all(images.map(({ load }) => load()))
    const classifier = await createClassifier(run)
    let i = 0
    for await (const { classes } of predict(classifier, pixels)) {
      const { after } = views[i++]!
      expect(after.classes.map(({ className }) => className)).toEqual(
        classes.map(({ className }) => className),
      )
      expect(after.classes[0]!.probability).toBeCloseTo(classes[0]!.probability, 4)
    }
    expect(i).toBe(2)
    expect(views[0]!.image).toMatchObject({ width: 48, height: 48 })
  })

  it('leaves out images that cannot be read where it is told to, and throws where it is not', async () => {
    const run = await drawnRun({})
    const errors: string[] = []
    const views = await seen(run, [damaged, noise(1)], ({ message }) => errors.push(message))
    expect(views.map(({ name }) => name)).toEqual(['noise 1'])
    expect(errors).toEqual(['damaged: not an image'])
    await expect(seen(run, [damaged, noise(1)])).rejects.toThrow(ImageError)
  })
})

describe('a run without pictures', () => {
  it.each([
    ['ivlp', { visionDepth: 0 }],
    ['coop', { context: 4 }],
    ['cocoop', {}],
  ] as const)(
    'says that its image tower has no prompts, and still shows its words: %s',
    async (name, options) => {
      const run = await drawnRun(options, name)
      const { context, images, noImages } = await interpretRun(run, { images: [noise(1)], top: 1 })
      expect(noImages).toMatch(/no visual prompts/)
      expect(images).toEqual([])
      expect(context[0]!.vectors).toHaveLength(4)
      await expect(seen(run, [noise(1)])).rejects.toThrow(/no visual prompts/)
    },
  )

  it('says that a ResNet has no class token to look from', async () => {
    const run = await drawnRun({})
    const resnet = { ...model.clip, name: 'RN50', imageTower: { title: 'ResNet' } }
    expect(whyNoPictures({ ...run, model: { ...model, clip: resnet as never } })).toMatch(/RN50.*ResNet/)
    expect(whyNoPictures(run)).toBeUndefined()
  })
})
