// Sorts a folder by the first letter of its pictures' names, or undoes that; killed by test/sort-kills.test.ts.
// Usage: node sort-worker.mjs sort|undo FOLDER INTO HOW
import { doSort, realTarget, sortedBefore, unfinishedSort } from '../../dist/node/sort/begin-sort.js'
import { findPhotos } from '../../dist/node/sort/find-photos.js'
import { classFolders, planSort } from '../../dist/node/sort/plan.js'
import { planKeywords } from '../../dist/node/sort/tag-photos.js'
import { undoSort } from '../../dist/node/sort/undo.js'

const [what, given, target, how] = process.argv.slice(2)
const into = await realTarget(target)
const { folder, photos: found } = await findPhotos(given)
// A sort may have ended before the kill that was meant for it.
const before = await sortedBefore(into, folder)
const photos = found.filter(({ path }) => !before.has(path))
const call = { folder, how, call: {} }
const letter = (path) => path.split('/').at(-1)[0]
const verdict = ({ path }) => ({ kind: 'class', classes: [{ className: letter(path), probability: 1 }] })
const folders = classFolders([...new Set(photos.map(({ path }) => letter(path)))])
const judged = photos.map((photo) => ({ photo, verdict: verdict(photo) }))
const entries =
  how === 'keywords'
    ? (await planKeywords(folder, judged)).entries
    : planSort(judged, folders, () => []).flatMap(({ transfers }) => transfers)
process.stdout.write('going\n')
if (what === 'undo') await undoSort(into)
else {
  const unfinished = await unfinishedSort(into, call)
  await unfinished?.close()
  if (unfinished || entries.length > 0) {
    const { failed } = await doSort(into, call, unfinished ?? entries)
    if (failed.length > 0) throw new Error(JSON.stringify(failed[0]))
  }
}
