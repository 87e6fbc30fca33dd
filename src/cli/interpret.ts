import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { UserError } from '../core/errors.js'
import type { Run } from '../core/evaluate/create-classifier.js'
import type { Exif } from '../core/image/orientation.js'
import { type ImageAttention, type LookedAtImage, whyNoPictures } from '../core/interpret/image-attention.js'
import { type Interpretation, interpretRun } from '../core/interpret/interpret-run.js'
import { runFiles } from '../core/run/run-files.js'
import { imageFiles, sampleImages } from '../node/data/sample-images.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { exifOfRun } from '../node/run.js'
import { environment } from '../node/runs/environment.js'
import { readRunConfig } from '../node/runs/run-directory.js'
import { interpretationReport } from '../pages/interpretation-report.js'
import { openData } from './data.js'
import { warn } from './fail.js'
import { interpretationText } from './interpretation-text.js'
import { interruptible } from './interrupt.js'
import { modelOfRunOption, openRun, type RunFlags } from './open-run.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  precisionOption,
  threadsOption,
  wholeNumber,
} from './options.js'
import { startProgress } from './progress.js'

interface InterpretFlags extends RunFlags {
  readonly top: number
  readonly images?: string[]
  readonly count: number
  readonly report?: string
  readonly exif?: Exif
  readonly skipBadImages?: boolean
  readonly json?: boolean
}

const examples = `
Examples:
  $ promptsrc interpret runs/photos
      words, and pictures of six test images of the run's data in runs/photos/interpretation.html
  $ promptsrc interpret runs/photos --images one.jpg two.jpg --report look.html
  $ promptsrc interpret runs/photos --top 10 --json`

/** `promptsrc interpret`: what a run has learned, as far as people can read it. */
export function interpretCommand(): Command {
  return new Command('interpret')
    .argument('<run>', 'run directory')
    .option('--top <n>', 'words for each context vector', wholeNumber(1), 5)
    .option('--images <file...>', "images to look at (default: test images of the run's data)")
    .option('--count <n>', 'images to take from the data', wholeNumber(0), 6)
    .option('--report <file>', 'HTML report to write (default: interpretation.html in the run)')
    .addOption(exifOption())
    .addOption(modelOfRunOption())
    .addOption(activationOption())
    .option('--skip-bad-images', 'leave out images that cannot be read')
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', examples)
    .action(interpret)
}

async function interpret(runPath: string, flags: InterpretFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const run = await openRun(runPath, flags, signal)
  try {
    const { folder, seed, dataPath } = await surroundings(runPath)
    const exif = flags.exif ?? (await exifOfRun(runPath))
    const { images, reason } = await imagesToSee(run, { ...flags, exif }, dataPath)
    const bar = startProgress('looking at images', images.length)
    const interpretation = await interpretRun(run, {
      top: flags.top,
      ...(seed === undefined ? {} : { seed }),
      images,
      signal,
      onProgress: (done) => bar.update(done),
      ...(flags.skipBadImages
        ? { onBadImage: (error: UserError) => bar.say(`left out: ${error.message}`) }
        : {}),
    }).finally(() => bar.stop())
    const noImages = interpretation.noImages ?? reason ?? 'no image could be read'
    const report = flags.report ?? join(folder, runFiles.interpretation)
    const page = await interpretationReport({
      run,
      interpretation,
      noImages,
      environment: environment(),
    })
    await writeFileAtomic(report, page)
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(figures(runPath, run, interpretation, noImages, report))}\n`
        : `${interpretationText(interpretation, noImages)}\nreport  ${report}\n`,
    )
  } finally {
    await run.model.close()
  }
}

/** The run's folder, and what its configuration says, where there is one beside the prompts. */
async function surroundings(runPath: string) {
  const folder = (await stat(runPath)).isDirectory() ? runPath : dirname(runPath)
  const config = await readRunConfig(folder)
  return { folder, seed: config?.settings.seed, dataPath: config?.data.path }
}

/** The images named, or test images of the run's data; where there are none, the reason. */
async function imagesToSee(
  run: Run,
  { images, count, exif }: Pick<InterpretFlags, 'images' | 'count'> & { readonly exif: Exif | undefined },
  dataPath: string | undefined,
): Promise<{ images: LookedAtImage[]; reason?: string }> {
  if (images) return { images: imageFiles(images, { exif }) }
  if (count === 0) return { images: [], reason: 'none were asked for' }
  const advice = 'name images with --images'
  if (dataPath === undefined) {
    return { images: [], reason: `the run does not say where its data is; ${advice}` }
  }
  if (whyNoPictures(run) !== undefined) return { images: [] }
  try {
    const found = sampleImages(await openData(dataPath, { exif }), run.prompts.classNames, count)
    if (found.length > 0) {
      // The run says where they are, and the report shows them: whoever passes it on should know.
      warn(
        `${found.length} pictures of ${resolve(dataPath)} are shown in the report, as the run names it`,
        'note',
      )
      return { images: found }
    }
    return { images: [], reason: `${dataPath} holds no images of the trained classes; ${advice}` }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { images: [], reason: `${error.message}; ${advice}` }
  }
}

/** What `--json` prints. */
function figures(
  path: string,
  { prompts }: Run,
  { context, images }: Interpretation,
  noImages: string,
  report: string,
) {
  const view = ({ classes, patches, classToken, prompts: share }: ImageAttention['before']) => ({
    ...classes[0]!,
    shares: { prompts: share, classToken, patches: Array.from(patches) },
  })
  return {
    run: path,
    method: prompts.method.name,
    model: prompts.model.name,
    context,
    images: images.map(({ name, truth, grid, before, after }) => ({
      image: name,
      truth: truth ?? null,
      grid,
      before: view(before),
      after: view(after),
    })),
    noImages: images.length > 0 ? null : noImages,
    report,
  }
}
