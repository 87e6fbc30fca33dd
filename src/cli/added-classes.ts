import { join, relative } from 'node:path'
import { selectClasses } from '../core/data/base-novel.js'
import type { Dataset } from '../core/data/dataset.js'
import { createClassifier } from '../core/evaluate/create-classifier.js'
import { type ClassProbability, predictEach } from '../core/evaluate/predict.js'
import type { RgbImage } from '../core/image/resize.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { loadRun } from '../node/run.js'
import type { RuntimeFlags } from './options.js'

/** Classes shown for each picture. */
const TOP = 3

/** A picture of a class that was never trained, with the likeliest of the trained classes and its own. */
export interface AddedClass {
  readonly truth: string
  readonly image: RgbImage
  readonly classes: readonly ClassProbability[]
}

/** The first test picture of every novel class, each classified as `predict RUN PICTURE --add-class CLASS` would. */
export async function addedClasses(run: string, data: Dataset, runtime: RuntimeFlags): Promise<AddedClass[]> {
  const { classNames: trained } = selectClasses(data, 'base')
  const { classNames: novel, test } = selectClasses(data, 'novel')
  const loaded = await loadRun(run, runtime)
  await using model = loaded.model
  await using classifier = await createClassifier({ prompts: loaded.prompts, model }, { addClasses: novel })
  const pictures = await Promise.all(
    novel.map(async (truth, label) => {
      const image = await test.find((datum) => datum.label === label)!.load()
      return { name: truth, image, load: async () => image }
    }),
  )
  const added: AddedClass[] = []
  const options = { top: trained.length + novel.length }
  for await (const prediction of predictEach(classifier, pictures, options)) {
    const { name: truth, image } = pictures[added.length]!
    if ('error' in prediction) throw prediction.error
    // Softmax over fewer classes is the same up to their sum.
    const among = prediction.classes.filter(
      ({ className }) => className === truth || trained.includes(className),
    )
    const total = among.reduce((sum, { probability }) => sum + probability, 0)
    const classes = among.map((one) => ({ ...one, probability: one.probability / total }))
    added.push({ truth, image, classes: classes.slice(0, TOP) })
  }
  return added
}

/** What is printed of one of them, whose picture is written for the command that is shown. */
export async function addedText(
  out: string,
  run: string,
  { truth, image, classes }: AddedClass,
): Promise<string> {
  const { default: sharp } = await import('sharp')
  const { width, height, data } = image
  const path = join(out, `${truth.replaceAll(/[^\w-]+/g, '-')}.png`)
  await writeFileAtomic(
    path,
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer(),
  )
  const likely = classes.map(
    ({ className, probability }) => `${className} ${(100 * probability).toFixed(0)} %`,
  )
  return [
    `A picture of a class that was never trained, added by its name (${truth}): ${likely.join(', ')}`,
    `  promptsrc predict ${relative('.', run)} ${relative('.', path)} --add-class "${truth}"`,
  ].join('\n')
}
