import { Command, Option } from 'commander'
import { selectClasses } from '../core/data/base-novel.js'
import { zeroShotClassifier } from '../core/evaluate/classifier.js'
import { evaluateClassifier } from '../core/evaluate/evaluate.js'
import { evaluateViews, testViews } from '../core/evaluate/evaluate-views.js'
import { evaluationNotes } from '../core/evaluate/evaluation-notes.js'
import { templatesFor } from '../core/evaluate/zero-shot.js'
import { type BaselineFlags, withBaselineOptions, withModel } from './baseline.js'
import { openData } from './data.js'
import { printEvaluation } from './evaluation-text.js'
import { interruptible } from './interrupt.js'
import { viewsOption } from './options.js'
import { measureOther, openOther, otherText } from './other-images.js'
import { startProgress } from './progress.js'
import { type OtherFlags, withOtherOptions } from './rejection-options.js'
import { templateChoice } from './template-choice.js'

interface ZeroShotFlags extends BaselineFlags, OtherFlags {
  readonly template?: string
  readonly templates: string
  readonly views?: readonly [samplings: number, crops: number]
}

const examples = `
Examples:
  $ promptsrc zero-shot photos --model ViT-B/16
  $ promptsrc zero-shot pets --model ViT-B/16 --template "a photo of a {}, a type of pet."
  $ promptsrc zero-shot photos --model ViT-B/16 --templates clip80 --json > figures.json
  $ promptsrc zero-shot oxford_pets --root datasets --model ViT-B/16

Template lists: dataset (the data set's own, "a photo of a {}." where it has none), photo ("a photo of a {}."), clip7
(CLIP's selection, and the data set's own), clip80 (CLIP's for ImageNet), promptsrc60 (PromptSRC's teacher). Features
of several templates are averaged.`

/** `promptsrc zero-shot`: accuracy of CLIP without training. */
export function zeroShotCommand(): Command {
  const command = new Command('zero-shot')
  return withOtherOptions(withBaselineOptions(command))
    .addOption(new Option('--template <text>', 'text with {} for the class name').conflicts('templates'))
    .option('--templates <list>', 'dataset, photo, clip7, clip80, promptsrc60, or a file', 'dataset')
    .addOption(viewsOption().conflicts('other'))
    .addHelpText('after', examples)
    .action(zeroShot)
}

async function zeroShot(dataPath: string, flags: ZeroShotFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const choice =
    flags.template === undefined
      ? await templateChoice(flags.templates)
      : ({ kind: 'custom', templates: [flags.template] } as const)
  if (choice.kind === 'custom') templatesFor(choice, { name: '' })
  const { exif = null, ...opened } = await openData(dataPath, { ...flags, signal })
  const data = selectClasses(opened, flags.classes)
  const { classNames, test, train, name } = data
  const templates = templatesFor(choice, data)
  // A set without test images, such as one that is all training part, is measured as a whole.
  const images = test.length > 0 ? test : train
  const others = await openOther(flags, classNames, signal)
  await withModel(flags, signal, async ({ clip, runtime, caches }) => {
    const texts = startProgress('encoding texts', classNames.length * templates.length)
    await using classifier = await zeroShotClassifier(
      { clip, runtime, caches, classNames },
      templates,
      (done) => {
        signal.throwIfAborted()
        texts.update(done)
      },
    ).finally(() => texts.stop())
    const { skipBadImages = false } = flags
    const views = flags.views && testViews(...flags.views)
    const bar = startProgress('evaluating', images.length * (views?.length ?? 1))
    const options = { skipBadImages, signal, onProgress: (done: number) => bar.update(done) }
    const evaluation = await (views
      ? evaluateViews(classifier, images, views, options)
      : evaluateClassifier(classifier, images, options)
    ).finally(() => bar.stop())
    const other =
      others &&
      (await measureOther(
        { classifier, clip, evaluation, others },
        {
          skipBadImages,
          signal,
        },
      ))
    printEvaluation(
      {
        data: name,
        classes: flags.classes,
        classNames,
        evaluation,
        facts: {
          model: flags.model,
          exif,
          templates,
          ...(views ? { views: flags.views } : {}),
          ...(other ? { other } : {}),
        },
        notes: evaluationNotes({
          name,
          classNames,
          images: images.length,
          trainingImages: test.length === 0,
        }),
      },
      {
        json: flags.json ?? false,
        lines: { templates: templates.length === 1 ? templates[0]! : `${templates.length}` },
      },
    )
    if (other && !flags.json) process.stdout.write(otherText(other))
  })
}
