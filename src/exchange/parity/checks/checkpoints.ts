import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { WeightsError } from '../../../core/errors.js'
import { promptedClassifier } from '../../../core/evaluate/classifier.js'
import { openTorch, type TorchFile } from '../../../node/weights/torch/torch.js'
import { compareAll, compareEqual, compareTensor, judged, type Outcome, skipped } from '../deviation.js'
import { readGoldenCase } from '../golden-case.js'
import { withPackedClip } from '../golden-clip.js'
import { readJson, readTensors, unpackInto, withTemporaryFolder } from '../golden-files.js'
import { isTrainingCase, methodOf } from '../method-of-case.js'
import { classifyAll } from '../replay.js'
import type { Check, CheckContext } from './check.js'

/** What `checkpoints.json` says of a file. */
interface Contents {
  readonly epoch: number
  readonly state_dict: Readonly<Record<string, { readonly shape: readonly number[]; readonly dtype: string }>>
}

/** Checkpoints of the reference: the learned tensors in them, evaluated, give the logits of the case they come from. */
export const checkpointsCheck: Check = {
  name: 'checkpoints',
  path: 'checkpoints/checkpoints.json',
  async *run(context) {
    const folder = join(context.root, 'checkpoints')
    const contents = await readJson<Record<string, Contents>>(join(context.root, this.path))
    const files = (await readdir(folder, { recursive: true })).map((file) => file.replaceAll('\\', '/'))
    for (const file of files.filter((name) => /model\.pth\.tar-\d+\.gz$/.test(name)).sort()) {
      yield await checkCheckpoint(context, file, contents[file.replace(/\.gz$/, '')])
    }
    for (const file of Object.keys(contents).filter((name) => !name.startsWith('_'))) {
      if (!files.includes(`${file}.gz`)) yield skipped(`checkpoints/${file}`, 'not present')
    }
  },
}

async function checkCheckpoint(
  { root, runtime }: CheckContext,
  file: string,
  contents: Contents | undefined,
): Promise<Outcome> {
  const name = `checkpoints/${file.replace(/\.gz$/, '')}`
  const caseName = await caseOf(root, file)
  if (caseName === undefined) return skipped(name, 'the case it comes from is not present')
  const golden = await readGoldenCase(join(root, 'cases', `${caseName}.json`))
  if (!isTrainingCase(golden)) return skipped(name, `method ${golden.method} is not built`)
  const data = await readTensors(golden.files.data)
  const expected = await readTensors(golden.files.tensors)
  const epoch = Number(/-(\d+)\.gz$/.exec(file)![1])
  const logitsName = `epoch${epoch}.eval.logits`

  return withTemporaryFolder(async (folder) => {
    const checkpoint = await openTorch(await unpackInto(folder, join(root, 'checkpoints', file)))
    try {
      const logits = await withPackedClip(golden.files.clip, async (clip) => {
        const method = methodOf(golden, clip)
        const parameters = await learnedTensors(
          checkpoint,
          method.parameters.map((spec) => spec.name),
        )
        const options = { clip, runtime, classNames: golden.class_names }
        const classifier = await promptedClassifier(options, { method, parameters })
        return classifyAll(classifier, data.get('eval.images')!).finally(() => classifier.release())
      })
      const tolerance = golden.tensors[logitsName]?.suggested_atol ?? 0
      return judged(name, [
        compareTensor(logitsName, logits, expected.get(logitsName)!, tolerance),
        compareEqual('epoch', checkpoint.extra.epoch, epoch),
        ...(contents ? [compareContents(checkpoint, contents)] : []),
      ])
    } finally {
      await checkpoint.close()
    }
  })
}

/** `ckpt_<method>`, where a variant's folder is named `<method>_<variant>`. */
async function caseOf(root: string, file: string): Promise<string | undefined> {
  const cases = new Set(await readdir(join(root, 'cases')).catch(() => []))
  const words = file.split('/')[0]!.split('_')
  const candidates = words.map((_, i) => `ckpt_${words.slice(0, words.length - i).join('_')}`)
  return candidates.find((candidate) => cases.has(`${candidate}.json`))
}

/** The learned tensors by name; a frozen model's weights and the class tokens beside them are left alone. */
async function learnedTensors(
  checkpoint: TorchFile,
  names: readonly string[],
): Promise<Map<string, Float32Array>> {
  const parameters = new Map<string, Float32Array>()
  for (const name of names) {
    const entry = checkpoint.entries.get(name) ?? checkpoint.entries.get(name.replace('prompt_learner.', ''))
    if (!entry) throw new WeightsError(`${checkpoint.source} has no tensor ${name}`)
    parameters.set(name, await entry.read())
  }
  return parameters
}

function compareContents({ entries }: TorchFile, { state_dict }: Contents) {
  return compareAll(
    'names, shapes and element types',
    [...new Set([...entries.keys(), ...Object.keys(state_dict)])].map((name) => {
      const found = entries.get(name)
      const stated = state_dict[name]
      return [found && [found.shape, found.dtype], stated && [stated.shape, stated.dtype]]
    }),
  )
}
