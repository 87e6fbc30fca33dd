import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Clip } from '../src/core/clip/clip.js'
import type { HostTensor } from '../src/core/graph/index.js'
import { randomStream } from '../src/core/random.js'
import { createTokenizer } from '../src/core/tokenizer/tokenizer.js'
import { vocabularyFiles } from '../src/core/tokenizer/vocabulary-files.js'
import { drawScene } from '../src/core/world/emoji/scene.js'
import { writeFileAtomic } from '../src/node/files/atomic.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { openSafetensors, writeSafetensors } from '../src/node/weights/safetensors-file.js'
import { emojiCorpus, emojiPairs, pretrainingStyle, type SeenConcept } from './pretrain/emoji-batches.js'
import type { TransformerClipConfig } from './pretrain/initialize.js'
import { openClipConfig } from './pretrain/model-config.js'
import { type PretrainState, pretrain, tensorsOf, type Weights } from './pretrain/pretrain.js'
import { trainBpe } from './pretrain/train-bpe.js'
import { accuracyAmong, type Sample } from './pretrain/unseen-accuracy.js'
import { plan } from './world/plan.js'
import { drawingsOf, spriteFrom } from './world/sprite-cache.js'

// Pre-trains the embedded CLIP of the emoji world from scratch on the drawings of `tools/world` (run `npm ci --prefix
// tools/world` first) and writes it to a model folder. Stopped and started again it goes on from its last checkpoint.
// Usage: tsx tools/pretrain-emoji.ts [--out assets/emoji] [--work runs/pretrain-emoji] [--steps N] [--threads 2]
// For the study: [--small N] [--batch N] [--texts N] [--width N] [--lr N] [--no-anchors] [--plain]

const { values } = parseArgs({
  allowNegative: true,
  options: {
    out: { type: 'string', default: 'assets/emoji' },
    work: { type: 'string', default: 'runs/pretrain-emoji' },
    steps: { type: 'string', default: '7200' },
    small: { type: 'string', default: '4800' },
    stop: { type: 'string' },
    threads: { type: 'string', default: '2' },
    batch: { type: 'string', default: '128' },
    texts: { type: 'string', default: '64' },
    width: { type: 'string', default: '128' },
    lr: { type: 'string', default: '0.0012' },
    report: { type: 'string', default: '500' },
    anchors: { type: 'boolean', default: true },
    plain: { type: 'boolean', default: false },
  },
})
const SEED = 2025
const CHECKPOINT = 200
const RESOLUTION = 48
const SMALL = 32
const [steps, small, batch, texts] = [values.steps, values.small, values.batch, values.texts].map(Number)
const stop = values.stop === undefined ? Number.POSITIVE_INFINITY : Number(values.stop)

const planned = plan()
const drawing = await drawingsOf(planned, 'runs/world')
const concepts: SeenConcept[] = planned.map(({ name, tags, seen }) => ({
  name,
  tags,
  sprites: seen.map((style) => spriteFrom(drawing(name, style))),
}))
const vocabulary = trainBpe(emojiCorpus(concepts), 1500)
const contextLength = 77
await mkdir(values.out, { recursive: true })
for (const [name, text] of Object.entries(vocabularyFiles(vocabulary)))
  await writeFileAtomic(join(values.out, name), text)
const tokenizer = createTokenizer(vocabulary, { contextLength })
const width = Number(values.width)
const config: TransformerClipConfig = {
  embedDim: 128,
  activation: 'quick',
  vision: { kind: 'vit', resolution: RESOLUTION, patchSize: 8, width, layers: 4, heads: width / 64 },
  text: { contextLength, vocabSize: tokenizer.vocabSize, width: 128, layers: 3, heads: 2 },
}
await writeFileAtomic(join(values.out, 'open_clip_config.json'), openClipConfig(config))
const runtime = nodeRuntime({ threads: Number(values.threads) })

/** Pictures of unseen drawings, and of seen ones in new scenes, by kind of thing. */
const kinds = [...new Set(planned.map(({ kind }) => kind))].map((kind) => {
  const members = planned.filter((concept) => concept.kind === kind)
  const pictures = (which: 'seen' | 'unseen', most: number): ((side: number) => Sample[]) => {
    const drawings = members.flatMap((member, label) =>
      member[which]
        .slice(0, most)
        .map((style) => ({ label, sprite: spriteFrom(drawing(member.name, style)) })),
    )
    return (side) =>
      drawings.map(({ label, sprite }, i) => {
        const random = randomStream(SEED, 'report', kind, which, i)
        return { label, image: drawScene([{ sprite }], pretrainingStyle, random, side) }
      })
  }
  const classNames = members.map(({ name }) => name)
  return { kind, classNames, seen: pictures('seen', 1), unseen: pictures('unseen', 2) }
})

/** Zero-shot accuracy among 20 classes of a kind, by kind. */
async function report(weights: Weights): Promise<string> {
  const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]))
  const params = new Map([...weights].map(([name, { data }]) => [name, data]))
  const side = Math.sqrt(shapes.get('visual.positional_embedding')![0]! - 1) * 8
  const sized = { ...config, vision: { ...config.vision, resolution: side } }
  const clip = new Clip({ config: sized, tokenizer, name: 'emoji', tensors: tensorsOf(params, shapes) })
  const parts: string[] = []
  const sums = [0, 0]
  for (const { kind, classNames, seen, unseen } of kinds) {
    const found: number[] = []
    for (const [i, samples] of [seen, unseen].entries()) {
      found.push(await accuracyAmong(clip, runtime, classNames, samples(side), 20))
      sums[i]! += found[i]! / kinds.length
    }
    parts.push(`${kind} ${found.map((x) => x.toFixed(0)).join('/')}`)
  }
  return `seen/unseen ${sums.map((x) => x.toFixed(1)).join('/')}  ${parts.join('  ')}`
}

async function save(weights: Weights): Promise<void> {
  const tensors = new Map(
    [...weights].map(([name, { shape, data }]) => [
      name,
      { dtype: 'float16' as const, shape: [...shape], data },
    ]),
  )
  await writeSafetensors(join(values.out, 'model.safetensors'), tensors, { format: 'pt' })
}

const checkpoint = join(values.work, 'state.safetensors')
/** What a state must have been trained with to be gone on from. */
const recipe = JSON.stringify({ ...values, out: '', work: '', threads: '', stop: '', report: '' })

async function saveState({ step, weights, buffers }: PretrainState): Promise<void> {
  const tensors = new Map([
    ...[...weights].map(
      ([name, { shape, data }]) => [name, { dtype: 'float32' as const, shape: [...shape], data }] as const,
    ),
    ...[...buffers].map(
      ([name, data]) => [name, { dtype: 'float32' as const, shape: [data.length], data }] as const,
    ),
  ])
  await writeSafetensors(checkpoint, tensors, { step: String(step), recipe })
}

async function loadState(): Promise<PretrainState | undefined> {
  if (!(await stat(checkpoint).catch(() => undefined))) return undefined
  const file = await openSafetensors(checkpoint)
  const weights = new Map<string, HostTensor>()
  const buffers = new Map<string, Float32Array>()
  for (const [name, entry] of file.entries) {
    const data = (await entry.read()).slice()
    if (name.startsWith('exp_avg')) buffers.set(name, data)
    else weights.set(name, { shape: [...entry.shape], data })
  }
  await file.close()
  if (file.metadata.recipe !== recipe)
    throw new Error(
      `${checkpoint} is of another recipe: ${file.metadata.recipe}; remove it or name another --work`,
    )
  return { step: Number(file.metadata.step), weights, buffers }
}

await mkdir(values.work, { recursive: true })
const from = await loadState()
if (from) console.log(`going on after step ${from.step}`)
const start = performance.now()
let mean = 0
const style = values.plain ? { ...pretrainingStyle, lines: 0, tones: 0, box: 0 } : pretrainingStyle
const weights = await pretrain({
  config,
  tokenizer,
  runtime,
  seed: SEED,
  steps: steps!,
  batch: batch!,
  texts: texts!,
  pairs: emojiPairs(concepts, { seed: SEED, batch: batch!, texts: texts!, style }),
  learningRate: Number(values.lr),
  warmupSteps: 100,
  weightDecay: 0.05,
  suffixLength: 14,
  ...(values.anchors ? { things: concepts.length } : {}),
  phases: small! > 0 ? [{ resolution: SMALL, until: small! + 1 }] : [],
  from,
  async onStep(step, loss, current) {
    mean = mean === 0 ? loss : 0.98 * mean + 0.02 * loss
    if (step % 50 === 0) {
      const each = (performance.now() - start) / 1000 / (step - (from?.step ?? 0))
      const left = ((steps! - step) * each) / 60
      console.log(
        `${new Date().toISOString().slice(11, 19)}  step ${step}/${steps}  loss ${mean.toFixed(3)}  ${each.toFixed(2)} s/step  ${left.toFixed(0)} min left`,
      )
    }
    if (step % CHECKPOINT === 0) await saveState(current)
    if (step % Number(values.report) === 0) console.log(`  ${await report(current.weights)}`)
    if (step >= stop) process.exit(0)
  },
})
await save(weights)
console.log(`${await report(weights)}; written to ${values.out}`)
