import type { DownloadChoice } from './place.js'

/** What a run can be taken away as; all but the first are exports. */
export const runForms: readonly DownloadChoice[] = [
  {
    format: 'run',
    title: 'What was learned',
    about: 'A ZIP file of the run, for promptsrc on any computer: predict, sort, serve, export.',
  },
  {
    format: 'transformers-js',
    title: 'For a web page',
    about:
      'A folder that transformers.js opens in a page or in Node, with these classes. Its README shows how.',
  },
  {
    format: 'transformers-js-open',
    title: 'For a web page, with any names',
    about: 'The same for names that the page chooses; larger, as it reads words as well.',
  },
  {
    format: 'onnx',
    title: 'For programs in any language',
    about: 'ONNX models with a description of what goes in and comes out.',
  },
]
