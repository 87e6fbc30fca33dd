import { join } from 'node:path'
import { Clip } from '../src/core/clip/clip.js'
import { createTokenizer } from '../src/core/tokenizer/tokenizer.js'
import { vocabularyFiles } from '../src/core/tokenizer/vocabulary-files.js'
import { corpus } from '../src/core/world/captions.js'
import { toyDataset } from '../src/core/world/datasets.js'
import { SIDE } from '../src/core/world/render.js'
import { writeFileAtomic } from '../src/node/files/atomic.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { writeSafetensors } from '../src/node/weights/safetensors-file.js'
import { loadTokenizer } from '../src/node/weights/tokenizer-files.js'
import { pairBatch } from './pretrain/batches.js'
import type { TransformerClipConfig } from './pretrain/initialize.js'
import { openClipConfig } from './pretrain/model-config.js'
import { pretrain, tensorsOf, type Weights } from './pretrain/pretrain.js'
import { trainBpe } from './pretrain/train-bpe.js'
import { zeroShotAccuracy } from './pretrain/zero-shot.js'

// Pre-trains `tiny`, the smallest CLIP, from scratch on the toy world and writes it to a model folder.
// Usage: tsx tools/pretrain-toy.ts [FOLDER] [STEPS]

const folder = process.argv[2] ?? 'assets/tiny'
const steps = Number(process.argv[3] ?? 2400)
const SEED = 2023
const BATCH = 128

const vocabulary = trainBpe(corpus(), 700)
const { contextLength, ...files } = { contextLength: 77, ...vocabularyFiles(vocabulary) }
for (const [name, text] of Object.entries(files)) await writeFileAtomic(join(folder, name), text)
const tokenizer = createTokenizer(vocabulary, { contextLength })
const config: TransformerClipConfig = {
  embedDim: 128,
  activation: 'quick',
  vision: { kind: 'vit', resolution: SIDE, patchSize: 8, width: 128, layers: 4, heads: 2 },
  text: { contextLength, vocabSize: tokenizer.vocabSize, width: 128, layers: 3, heads: 2 },
}
await writeFileAtomic(join(folder, 'open_clip_config.json'), openClipConfig(config))
const runtime = nodeRuntime({ worker: false })

async function save(weights: Weights): Promise<void> {
  const tensors = new Map(
    [...weights].map(([name, { shape, data }]) => [
      name,
      { dtype: 'float16' as const, shape: [...shape], data },
    ]),
  )
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' })
}

async function report(weights: Weights): Promise<string> {
  const params = new Map([...weights].map(([name, { data }]) => [name, data]))
  const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]))
  const clip = new Clip({ config, tokenizer, name: 'tiny', tensors: tensorsOf(params, shapes) })
  const parts: string[] = []
  // Another seed than any data set that is reported on.
  for (const name of ['toy-clean', 'toy']) {
    const { base, novel } = await zeroShotAccuracy(clip, runtime, toyDataset(name, { seed: 900 }))
    parts.push(`${name} ${base.toFixed(1)}/${novel.toFixed(1)}`)
  }
  return parts.join('  ')
}

const start = performance.now()
let mean = 0
const weights = await pretrain({
  config,
  tokenizer,
  runtime,
  seed: SEED,
  steps,
  batch: BATCH,
  texts: BATCH,
  pairs: (step) => pairBatch(SEED, step, BATCH),
  learningRate: 1e-3,
  warmupSteps: 100,
  weightDecay: 0.05,
  suffixLength: 15,
  async onStep(step, loss, { weights: current }) {
    mean = step === 1 ? loss : 0.98 * mean + 0.02 * loss
    if (step % 25 === 0) {
      const seconds = (performance.now() - start) / 1000
      console.log(`step ${step}/${steps}  loss ${mean.toFixed(3)}  ${(seconds / step).toFixed(2)} s/step`)
    }
    if (step % 300 === 0) {
      await save(current)
      console.log(`  zero-shot base/novel: ${await report(current)}`)
    }
  },
})
await save(weights)
await loadTokenizer(folder)
console.log(`zero-shot base/novel: ${await report(weights)}; written to ${folder}`)
