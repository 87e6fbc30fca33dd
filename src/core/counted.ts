/** A number with its noun, as messages and pages say it: 1 file, 2 files, 1,200 classes. */
export const counted = (count: number, noun: string, many = `${noun}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? noun : many}`
