import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  copyGolden,
  extractGolden,
  goldenBytes,
  temporaryFolder,
} from '../../../test/support/golden-files.js'
import { rejection } from '../../../test/support/rejection.js'
import { decodeSafetensors, type TensorData } from '../../core/weights/safetensors.js'
import { type ClipWeights, openClip } from './load-clip.js'
import { writeSafetensors } from './safetensors-file.js'

let folder: string
let torchScript: ReturnType<typeof digests>
const place = (...names: string[]) => join(folder, ...names)

beforeAll(() => {
  folder = temporaryFolder()
  for (const name of ['vitB_torchscript.pt', 'vitB_state_dict.pt', 'rnA_torchscript.pt']) {
    extractGolden(`containers/${name}`, folder)
  }
  extractGolden('containers/hf_vitB/model.safetensors', place('hf'))
  copyGolden('containers/hf_vitB/config.json', place('hf'))
  extractGolden('containers/open_clip_vitB/open_clip_model.safetensors', place('open_clip'))
  copyGolden('containers/open_clip_vitB/open_clip_config.json', place('open_clip'))
  torchScript = withClip(place('vitB_torchscript.pt'), digests)
})

async function withClip<T>(path: string, use: (clip: ClipWeights) => Promise<T>): Promise<T> {
  const clip = await openClip(path)
  try {
    return await use(clip)
  } finally {
    await clip.close()
  }
}

const bytesOf = ({ buffer }: Float32Array) => new Uint8Array(buffer)

/** Digests of all values as float32, by canonical name. */
const digests = (clip: ClipWeights) =>
  Promise.all(
    [...clip.weights.entries.values()].map(async (entry) => {
      const values = await entry.read()
      return [entry.name, entry.shape.join(), createHash('sha256').update(values).digest('hex')]
    }),
  ).then((rows) => rows.sort())

describe('a CLIP model', () => {
  it.each(['vitB_torchscript.pt', 'vitB_state_dict.pt', 'hf', 'hf/model.safetensors', 'open_clip'])(
    'from %s has the tensors and configuration of every other container',
    async (path) => {
      const reference = await torchScript
      await withClip(place(path), async (clip) => {
        expect(await digests(clip)).toEqual(reference)
        expect(reference).toHaveLength(62)
        expect(clip.config).toEqual({
          embedDim: 32,
          vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 128, layers: 2, heads: 2 },
          text: { contextLength: 77, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
          activation: 'quick',
        })
      })
    },
  )

  it('with a ResNet has the tensors of the reference', async () => {
    const reference = await decodeSafetensors(goldenBytes('clip/rnA.safetensors'))
    await withClip(place('rnA_torchscript.pt'), async (clip) => {
      for (const [name, entry] of clip.weights.entries) {
        const expected = await reference.entries.get(name)!.read()
        expect(Buffer.compare(bytesOf(await entry.read()), bytesOf(expected)), name).toBe(0)
      }
      const dropped = [...reference.entries.keys()].filter((name) => !clip.weights.entries.has(name))
      expect(dropped.filter((name) => !name.endsWith('num_batches_tracked'))).toEqual([])
      expect(clip.config.vision).toEqual({
        kind: 'resnet',
        resolution: 64,
        width: 8,
        stages: [1, 2, 1, 1],
        heads: 4,
      })
    })
  })

  it('gives rows of joined and transposed tensors as of plain ones', async () => {
    const rows = async (clip: ClipWeights) =>
      Promise.all(
        [
          ['visual.transformer.resblocks.1.attn.in_proj_weight', [383, 128, 0]],
          ['text_projection', [63, 0]],
          ['token_embedding.weight', [49407, 320]],
        ].map(([name, rows]) => clip.weights.entries.get(name as string)!.readRows(rows as number[])),
      )
    expect(await withClip(place('hf'), rows)).toEqual(await withClip(place('vitB_state_dict.pt'), rows))
  })

  it('fills arrays with rows of joined, transposed and plain tensors', async () => {
    const asRead = (clip: ClipWeights) =>
      Promise.all(
        [
          ['visual.transformer.resblocks.1.attn.in_proj_weight', 100, 200],
          ['visual.transformer.resblocks.1.attn.in_proj_weight', 256, 128],
          ['text_projection', 1, 63],
          ['token_embedding.weight', 320, 2],
        ].map(async ([name, row, rows]) => {
          const entry = clip.weights.entries.get(name as string)!
          const width = entry.shape[1]!
          const into = new Float32Array((rows as number) * width)
          await entry.readInto(into, row as number)
          const start = (row as number) * width
          expect(into).toEqual((await entry.read()).slice(start, start + into.length))
        }),
      )
    await withClip(place('hf'), asRead)
    await withClip(place('vitB_state_dict.pt'), asRead)
  })

  it('is identified by the hash of its file', async () => {
    const path = place('vitB_state_dict.pt')
    const expected = createHash('sha256').update(readFileSync(path)).digest('hex')
    const { contentHash, close } = await openClip(path)
    expect(await contentHash()).toBe(expected)
    expect(await contentHash()).toBe(expected)
    await close()
  })

  it('knows the tokenizer files in its folder', async () => {
    const tokenizer = place('with-tokenizer')
    extractGolden('containers/hf_vitB/model.safetensors', tokenizer)
    writeFileSync(join(tokenizer, 'vocab.json'), '{}')
    expect((await withClip(tokenizer, async (clip) => clip)).tokenizerFolder).toBeUndefined()
    writeFileSync(join(tokenizer, 'merges.txt'), '')
    expect((await withClip(tokenizer, async (clip) => clip)).tokenizerFolder).toBe(tokenizer)
    expect(
      (await withClip(place('vitB_state_dict.pt'), async (clip) => clip)).tokenizerFolder,
    ).toBeUndefined()
  })

  it('split into several files is put together by its index', async () => {
    const reference = await torchScript
    const split = place('split')
    mkdirSync(split)
    copyGolden('containers/hf_vitB/config.json', split)
    const whole = await decodeSafetensors(goldenBytes('containers/hf_vitB/model.safetensors'))
    const parts = [new Map<string, TensorData>(), new Map<string, TensorData>()]
    const map: Record<string, string> = {}
    let i = 0
    for (const [name, entry] of whole.entries) {
      if (name.endsWith('position_ids')) continue
      parts[i % 2]!.set(name, { shape: entry.shape, data: await entry.read() })
      map[name] = `model-0000${(i++ % 2) + 1}-of-00002.safetensors`
    }
    await writeSafetensors(join(split, 'model-00001-of-00002.safetensors'), parts[0]!)
    await writeSafetensors(join(split, 'model-00002-of-00002.safetensors'), parts[1]!)
    const index = join(split, 'model.safetensors.index.json')
    const writeIndex = (weightMap: unknown) => writeFileSync(index, JSON.stringify({ weight_map: weightMap }))

    writeIndex(map)
    await withClip(split, async (clip) => {
      expect(await digests(clip)).toEqual(reference)
      expect(clip.source).toBe(index)
      expect(await clip.contentHash()).toMatch(/^[0-9a-f]{64}$/)
    })
    const refusal = async (weightMap: unknown) => {
      writeIndex(weightMap)
      return rejection(() => openClip(split))
    }
    expect(await refusal({ ...map, extra: 'model-00001-of-00002.safetensors' })).toMatch(
      /"extra" is not in model-00001/,
    )
    expect(await refusal({ ...map, logit_scale: '../hf/model.safetensors' })).toMatch(
      /expected one beside it/,
    )
    expect(await refusal({ ...map, logit_scale: 'model.safetensors.index.json' })).toMatch(/safetensors/)
    expect(await refusal({ ...map, logit_scale: 'none.safetensors' })).toMatch(/no such file/)
    expect(await refusal({ logit_scale: 3 })).toMatch(/weight_map/)
  })
})

describe('a path that is no model', () => {
  const file = (name: string, content: string | Uint8Array) => {
    const path = join(temporaryFolder(), name)
    writeFileSync(path, content)
    return path
  }

  it.each<[string, () => string, RegExp]>([
    ['is missing', () => place('none.pt'), /none\.pt: no such file or folder/],
    ['is an empty file', () => file('a.pt', ''), /an empty file/],
    ['is garbage', () => file('a.pt', new Uint8Array(1000).fill(77)), /of no known kind/],
    [
      'is a Git LFS pointer',
      () => file('a.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:00'),
      /a Git LFS pointer/,
    ],
    ['is a web page', () => file('a.bin', '<!DOCTYPE html><html><body>Sign in</body></html>'), /a web page/],
    ['is compressed', () => file('a.pt.gz', gzipSync('a')), /a gzip file/],
    [
      'is a checkpoint of prompts',
      () => extractGolden('checkpoints/coop/prompt_learner/model.pth.tar-3', temporaryFolder()),
      /not a CLIP model/,
    ],
    ['is an empty folder', () => temporaryFolder(), /holds no weight file/],
    ['is a folder with two unnamed models', twoModels, /holds 2 weight files \(a\.pt, b\.pt\)/],
  ])('is refused when it %s', async (_, path, message) => {
    const target = path()
    expect(await rejection(() => openClip(target))).toMatch(message)
  })

  /** A run's folder, as far as it is looked at. */
  function runOf(method: string): string {
    const folder = temporaryFolder()
    const config = `model: {name: tiny, sha256: "0"}\ndata: {name: photos, images: 1, classNames: [fox]}\nsettings: {method: ${method}}\n`
    writeFileSync(join(folder, 'config.yaml'), config)
    for (const name of ['log.jsonl', 'prompts.safetensors']) writeFileSync(join(folder, name), '')
    return folder
  }

  it.each([
    ['fine-tune', 'a run of Fine-tuning, not a CLIP model', '-clip/huggingface', ''],
    ['promptsrc', 'a run of PromptSRC, not a CLIP model', 'promptsrc predict', ''],
    ['fine-tune', 'a run of Fine-tuning, not a CLIP model', 'promptsrc export', '/prompts.safetensors'],
    ['somewhat', 'a run of a method, not a CLIP model', 'promptsrc export', ''],
  ])('is said to be a run where it is one: of %s', async (method, message, hint, file) => {
    await expect(openClip(`${runOf(method)}${file}`)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    })
  })

  function twoModels(): string {
    const folder = temporaryFolder()
    for (const name of ['a.pt', 'b.pt']) writeFileSync(join(folder, name), '')
    return folder
  }

  it('cut at any of many places is refused', async () => {
    const whole = readFileSync(place('vitB_torchscript.pt'))
    const path = file('cut.pt', whole)
    for (let i = 0; i < 40; i++) {
      writeFileSync(path, whole.subarray(0, Math.floor((whole.length * i) / 40)))
      await rejection(() => openClip(path))
    }
  })
})
