import { Command } from 'commander'
import type { DatasetSource } from '../node/data/dataset-source.js'
import { inspectFiles } from '../node/datasets/inspect.js'
import { type PreparedArchive, prepareDataset } from '../node/datasets/prepare.js'
import { datasetNamed } from '../node/datasets/registry.js'
import { fileLines, incomplete } from './data-files.js'
import { interruptible } from './interrupt.js'
import { type Progress, startProgress } from './progress.js'

const examples = `
Examples:
  $ promptsrc data prepare OxfordPets --root ~/data
      unpacks ~/data/oxford_pets/images.tar.gz and annotations.tar.gz
  $ promptsrc data prepare ImageNet --root ~/data
      images/val and images/train out of ILSVRC2012_img_val.tar, ILSVRC2012_img_train.tar and the development kit
  $ promptsrc data prepare SUN397 --root ~/data --again
      completes a folder that files were removed from

Nothing is downloaded. Put the archives into the data set's folder (\`promptsrc data list\`); those that are missing are
named with their addresses. The published split file is not made here, for another split gives other results.`

/** `promptsrc data prepare`: unpacks archives into the documented layout. */
export function dataPrepareCommand(): Command {
  return new Command('prepare')
    .description('unpack the archives of a published data set into its layout')
    .argument('<name>', 'name of a published data set')
    .requiredOption('--root <folder>', 'folder of published data sets')
    .option('--again', 'unpack again what was unpacked before; files that are there stay')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(prepare)
}

interface PrepareFlags {
  readonly root: string
  readonly again?: boolean
  readonly json?: boolean
}

async function prepare(name: string, { root, again = false, json = false }: PrepareFlags): Promise<void> {
  const signal = interruptible('Interrupted. The same command goes on from here.')
  const source = datasetNamed(name)
  let bar: Progress | undefined
  let shown: string | undefined
  const done = await prepareDataset(source, root, {
    signal,
    again,
    onProgress(file, read, size) {
      const megabytes = (bytes: number) => Math.round(bytes / 1e6)
      if (shown !== file) {
        bar?.stop()
        bar = startProgress(`${file} (MB)`, megabytes(size))
        shown = file
      }
      bar?.update(megabytes(read))
    },
  }).finally(() => bar?.stop())
  for (const { file, result } of done) {
    const [first] = result?.leftOut ?? []
    if (first !== undefined) {
      process.stderr.write(
        `warning: ${file}: ${result!.leftOut.length} links or devices left out (such as ${first})\n`,
      )
    }
  }
  const inspection = await inspectFiles(source, root)
  if (json) {
    const archives = done.map(({ file, result }) => ({ file, ...(result ?? { unpackedBefore: true }) }))
    const { folder, files, complete } = inspection
    process.stdout.write(`${JSON.stringify({ name: source.name, folder, archives, files, complete })}\n`)
  } else {
    process.stdout.write(`${[...archiveLines(source, done), ...fileLines(inspection)].join('\n')}\n`)
  }
  if (!inspection.complete) throw incomplete(source, root, inspection)
}

function archiveLines({ folder }: DatasetSource, done: readonly PreparedArchive[]): string[] {
  if (done.length === 0) return [`no archives in ${folder}/`]
  return done.map(({ file, result }) => {
    if (!result) return `${file}: unpacked before`
    const kept = result.kept > 0 ? `, ${result.kept} were there` : ''
    return `${file}: ${result.written} files unpacked${kept}`
  })
}
