import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { encodeWithSharedPrefixes } from '../src/core/clip/shared-prefixes.js'
import { fillTemplate, promptSrcTemplates } from '../src/core/clip/templates.js'
import { encodeTexts } from '../src/core/clip/text-features.js'
import { randomStream } from '../src/core/random.js'
import type { Runtime } from '../src/core/runtime/session.js'
import type { Tokenizer } from '../src/core/tokenizer/tokenizer.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { backbones, randomClip, wordTokenizer } from '../test/support/random-clip.js'

// Classes by PromptSRC's 60 templates, each text encoded alone against prefixes shared and rests packed: operations,
// and with --rounds the times of both in turn. Names have one to four words; one in fifty has eight.
// Usage: npm run bench:teacher -- [--backbone ViT-B/16] [--classes 10,100,1000] [--rounds 0] [--threads 2] [--json FILE]

const { values } = parseArgs({
  options: {
    backbone: { type: 'string', default: 'ViT-B/16' },
    classes: { type: 'string', default: '10,100,1000' },
    rounds: { type: 'string', default: '0' },
    threads: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
})
const [rounds, threads] = [Number(values.rounds), Number(values.threads)]
const clip = randomClip(backbones[values.backbone]!, wordTokenizer as Tokenizer)

/** Counts the operations of what is run, and runs it or not. */
function counted(inner: Runtime, compute: boolean) {
  let flops = 0
  const runtime: Runtime = {
    async compile(graph) {
      const session = compute ? await inner.compile(graph) : undefined
      const outputs = Object.fromEntries(
        Object.entries(graph.outputs).map(([name, shape]) => [
          name,
          { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
        ]),
      )
      const release = async () => session?.release()
      return {
        graph,
        async run(inputs) {
          flops += graph.flops
          return session ? session.run(inputs) : outputs
        },
        release,
        [Symbol.asyncDispose]: release,
      }
    },
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
  }
  return { runtime, gflop: () => flops / 1e9 }
}

function names(classes: number): string[] {
  const random = randomStream(1, 'names')
  return Array.from({ length: classes }, (_, i) => {
    const words = i % 50 === 7 ? 8 : 1 + random.integer(4)
    return Array.from({ length: words }, () => `word${random.integer(10_000)}`).join(' ')
  })
}

const ways = {
  alone: (runtime: Runtime, classNames: readonly string[]) =>
    encodeTexts(
      clip,
      runtime,
      classNames.flatMap((name) => promptSrcTemplates.map((template) => fillTemplate(template, name))),
    ),
  shared: (runtime: Runtime, classNames: readonly string[]) =>
    encodeWithSharedPrefixes(clip, runtime, classNames, promptSrcTemplates),
}
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]

const results: Record<string, unknown>[] = []
await using inner = nodeRuntime({ threads, worker: false })
for (const classes of values.classes.split(',').map(Number)) {
  const classNames = names(classes)
  const gflop = { alone: 0, shared: 0 }
  const seconds: Record<keyof typeof ways, number[]> = { alone: [], shared: [] }
  for (const way of ['alone', 'shared'] as const) {
    const { runtime, gflop: count } = counted(inner, false)
    await ways[way](runtime, classNames)
    gflop[way] = count()
  }
  for (let round = 0; round < rounds; round++) {
    for (const way of ['alone', 'shared'] as const) {
      const start = performance.now()
      await ways[way](inner, classNames)
      seconds[way].push((performance.now() - start) / 1000)
    }
  }
  const [alone, shared] = [median(seconds.alone), median(seconds.shared)]
  const times = alone && shared ? `, ${alone.toFixed(1)} s to ${shared.toFixed(1)} s` : ''
  console.log(
    `${values.backbone}, ${classes} classes by ${promptSrcTemplates.length} templates: ` +
      `${gflop.alone.toFixed(0)} to ${gflop.shared.toFixed(0)} GFLOP (${(gflop.alone / gflop.shared).toFixed(2)} times fewer)${times}`,
  )
  results.push({ backbone: values.backbone, classes, threads, gflop, seconds, processor: cpus()[0]?.model })
}
if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`)
