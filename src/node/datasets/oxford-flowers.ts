import * as z from 'zod'
import { datasetTemplate } from '../../core/clip/templates.js'
import { divideInThree } from './divide.js'
import { splitSource } from './split-source.js'

const labelFile = 'imagelabels.mat'
const nameFile = 'cat_to_name.json'

export const oxfordFlowers = splitSource({
  name: 'OxfordFlowers',
  alias: 'oxford_flowers',
  otherNames: ['Flowers102'],
  title: 'Oxford Flowers 102',
  folder: 'oxford_flowers',
  template: datasetTemplate('OxfordFlowers'),
  home: 'https://www.robots.ox.ac.uk/~vgg/data/flowers/102/',
  counts: { classes: 102, train: 4093, val: 1633, test: 2463 },
  images: 'jpg',
  imagesFrom: 'https://www.robots.ox.ac.uk/~vgg/data/flowers/102/102flowers.tgz',
  splitFrom: 'https://drive.google.com/file/d/1Pp0sRXzZFZq15zVOzKjKBu4A9i01nozT/view',
  annotations: [
    {
      path: labelFile,
      what: 'class numbers of image_00001.jpg and so on',
      from: 'https://www.robots.ox.ac.uk/~vgg/data/flowers/102/imagelabels.mat',
    },
    {
      path: nameFile,
      what: 'class names by class number',
      from: 'https://drive.google.com/file/d/1AkcxCXeK_RCGCEC_GvmWxjcjaNhu-at0/view',
    },
  ],
  async original({ folder }) {
    const labels = (await folder.mat(labelFile)).get('labels')
    if (labels?.kind !== 'numbers') throw folder.problem(labelFile, ': no numbers "labels"')
    const names = await folder.json(
      nameFile,
      z.record(z.string(), z.string()),
      'an object {"class number": "name"}',
    )
    return divideInThree(
      Array.from(labels.values, (number, i) => {
        const className = Object.hasOwn(names, String(number)) ? names[String(number)] : undefined
        if (className === undefined) throw folder.problem(nameFile, `: no name for class ${number}`)
        return { path: `image_${String(i + 1).padStart(5, '0')}.jpg`, label: number - 1, className }
      }),
    )
  },
})
