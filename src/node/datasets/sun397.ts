import { datasetTemplate } from '../../core/clip/templates.js'
import { divideTraining } from './divide.js'
import type { LabelledPath } from './labelled-lists.js'
import type { SourceFolder } from './source-folder.js'
import { splitSource } from './split-source.js'

const classFile = 'ClassName.txt'
const trainFile = 'Training_01.txt'
const testFile = 'Testing_01.txt'
const partitions = 'https://vision.princeton.edu/projects/2010/SUN/download/Partitions.zip'

export const sun397 = splitSource({
  name: 'SUN397',
  alias: 'sun397',
  title: 'SUN397',
  folder: 'sun397',
  template: datasetTemplate('SUN397'),
  home: 'https://vision.princeton.edu/projects/2010/SUN/',
  counts: { classes: 397, train: 15_880, val: 3970, test: 19_850 },
  images: 'SUN397',
  imagesFrom: 'http://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz',
  splitFrom: 'https://drive.google.com/file/d/1y2RD81BYuiyvebdN-JymPfyWYcd8_MUq/view',
  annotations: [
    { path: classFile, what: 'class folders, such as /a/abbey', from: partitions },
    { path: trainFile, what: 'training images of the first partition', from: partitions },
    { path: testFile, what: 'test images of the first partition', from: partitions },
  ],
  async original({ folder }) {
    const classes = (await folder.lines(classFile)).map(({ text }) => text)
    const labels = new Map(classes.map((name, label) => [name, label]))
    return divideTraining(await readList(folder, trainFile, labels), await readList(folder, testFile, labels))
  },
})

/** Lines such as `/c/church/indoor/sun_abc.jpg`: the class folder's parts after the letter, last first, are the name. */
async function readList(
  folder: SourceFolder,
  file: string,
  labels: ReadonlyMap<string, number>,
): Promise<LabelledPath[]> {
  return (await folder.lines(file)).map((line) => {
    const path = line.text.slice(1)
    const classFolder = line.text.slice(0, Math.max(0, line.text.lastIndexOf('/')))
    const label = labels.get(classFolder)
    if (label === undefined) throw folder.badLine(file, line, `an image in a class folder of ${classFile}`)
    return { path, label, className: classFolder.split('/').slice(2).reverse().join(' ') }
  })
}
