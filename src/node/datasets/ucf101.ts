import { datasetTemplate } from '../../core/clip/templates.js'
import { divideTraining } from './divide.js'
import type { LabelledPath } from './labelled-lists.js'
import type { SourceFolder } from './source-folder.js'
import { splitSource } from './split-source.js'

const classFile = 'ucfTrainTestlist/classInd.txt'
const trainFile = 'ucfTrainTestlist/trainlist01.txt'
const testFile = 'ucfTrainTestlist/testlist01.txt'
const lists = 'https://www.crcv.ucf.edu/data/UCF101/UCF101TrainTestSplits-RecognitionTask.zip'

export const ucf101 = splitSource({
  name: 'UCF101',
  alias: 'ucf101',
  title: 'UCF101 (middle frames)',
  folder: 'ucf101',
  template: datasetTemplate('UCF101'),
  home: 'https://www.crcv.ucf.edu/data/UCF101.php',
  counts: { classes: 101, train: 7639, val: 1898, test: 3783 },
  images: 'UCF-101-midframes',
  imagesFrom: 'https://drive.google.com/file/d/10Jqome3vtUA2keJkNanAiFpgbyC9Hc2O/view',
  splitFrom: 'https://drive.google.com/file/d/1I0S0q91hJfsV9Gf4xDIjgDq4AqBNJb1y/view',
  annotations: [
    { path: classFile, what: 'actions and their numbers', from: lists },
    { path: trainFile, what: 'training videos of the first split', from: lists },
    { path: testFile, what: 'test videos of the first split', from: lists },
  ],
  async original({ folder }) {
    const labels = await readLabels(folder)
    return divideTraining(await readList(folder, trainFile, labels), await readList(folder, testFile, labels))
  },
})

/** Lines such as `1 ApplyEyeMakeup`. */
async function readLabels(folder: SourceFolder): Promise<Map<string, number>> {
  const labels = new Map<string, number>()
  for (const line of await folder.lines(classFile)) {
    const [, number, action] = /^([1-9]\d*) (\S+)$/.exec(line.text) ?? []
    if (action === undefined) throw folder.badLine(classFile, line, '"<number> <action>"')
    labels.set(action, Number(number) - 1)
  }
  return labels
}

/** Lines such as `ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1`, the number in the training list only. */
async function readList(
  folder: SourceFolder,
  file: string,
  labels: ReadonlyMap<string, number>,
): Promise<LabelledPath[]> {
  return (await folder.lines(file)).map((line) => {
    const [, action, video] = /^([^/\s]+)\/([^/\s]+)(?: \d+)?$/.exec(line.text) ?? []
    const label = action === undefined ? undefined : labels.get(action)
    if (action === undefined || video === undefined || label === undefined) {
      throw folder.badLine(file, line, `a video of an action of ${classFile}`)
    }
    // The folders of middle frames, and the published class names, have the words of an action apart.
    const words = (action.match(/[A-Z][^A-Z]*/g) ?? [action]).join('_')
    return { path: `${words}/${video.replace(/\.avi$/, '.jpg')}`, label, className: words }
  })
}
