/** The data sets of the paper by the reference's names, in the paper's order, with the names that it prints. */
const titles: Readonly<Record<string, string>> = {
  ImageNet: 'ImageNet',
  Caltech101: 'Caltech101',
  OxfordPets: 'OxfordPets',
  StanfordCars: 'StanfordCars',
  OxfordFlowers: 'Flowers102',
  Food101: 'Food101',
  FGVCAircraft: 'FGVCAircraft',
  SUN397: 'SUN397',
  DescribableTextures: 'DTD',
  EuroSAT: 'EuroSAT',
  UCF101: 'UCF101',
  ImageNetV2: 'ImageNet-V2',
  ImageNetSketch: 'ImageNet-Sketch',
  ImageNetA: 'ImageNet-A',
  ImageNetR: 'ImageNet-R',
}
const names = Object.keys(titles)

/** The 11 data sets of the base-to-novel and few-shot benchmarks; all but the first are targets across data sets. */
export const paperDatasets: readonly string[] = names.slice(0, 11)

/** ImageNet's variants, targets of domain generalization. */
export const imagenetVariants: readonly string[] = names.slice(11)

/** A data set's name as the paper prints it; others keep their own. */
export const datasetTitle = (name: string): string => (Object.hasOwn(titles, name) ? titles[name]! : name)

/** Data sets in the paper's order, others by name after them; each once. */
export function sortDatasets(given: Iterable<string>): string[] {
  const place = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length)
  return [...new Set(given)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
}

/**
 * The reference's name of a data set that a folder (`oxford_pets`), the paper (`DTD`) or a user (`imagenet-v2`) calls
 * otherwise; undefined for one that is not the paper's.
 */
export const referenceName = (text: string): string | undefined =>
  names.find((name) => plain(name) === plain(text) || plain(titles[name]!) === plain(text))

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
