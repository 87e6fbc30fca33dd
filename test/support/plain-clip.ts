import type { Clip } from '../../src/core/clip/clip.js'
import type { TextPrompts } from '../../src/core/clip/prompted-text.js'
import { readableClassName } from '../../src/core/clip/templates.js'
import {
  add,
  concat,
  constant,
  expand,
  gelu,
  gemm,
  l2Normalize,
  layerNorm,
  matmul,
  mul,
  quickGelu,
  reshape,
  slice,
  softmax,
  swapLast,
  type Tensor,
  transpose,
  values,
} from '../../src/core/graph/index.js'
import type { Prompts } from '../../src/core/methods/method.js'

// CLIP's towers with prompts, written the long way: every class and every image as a full sequence, nothing shared,
// truncated, skipped or folded. What the product's towers are compared with.

type Get = (name: string) => Tensor

const getter =
  (clip: Clip): Get =>
  (name) =>
    constant(`plain:${name}`, clip.tensors.shape(name), () => clip.tensors.read(name), { owner: clip })

function block(
  clip: Clip,
  get: Get,
  prefix: string,
  heads: number,
  x: Tensor,
  mask?: Tensor,
  observe?: (weights: Tensor) => void,
): Tensor {
  const [g, n, d] = x.shape as [number, number, number]
  const linear = (rows: Tensor, name: string, bias: string) =>
    reshape(gemm(reshape(rows, [g * n, -1]), get(name), { transB: true, bias: get(bias) }), [g, n, -1])
  const norm = (y: Tensor, name: string) => layerNorm(y, get(`${name}.weight`), get(`${name}.bias`))
  const qkv = linear(
    norm(x, `${prefix}.ln_1`),
    `${prefix}.attn.in_proj_weight`,
    `${prefix}.attn.in_proj_bias`,
  )
  const [q, k, v] = [0, 1, 2].map((i) =>
    transpose(reshape(slice(qkv, 2, i * d, (i + 1) * d), [g, n, heads, d / heads]), [0, 2, 1, 3]),
  ) as [Tensor, Tensor, Tensor]
  const scores = mul(matmul(q, swapLast(k)), 1 / Math.sqrt(d / heads))
  const weights = softmax(mask ? add(scores, mask) : scores)
  observe?.(weights)
  const attended = matmul(weights, v)
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [g, n, d])
  const h = add(x, linear(joined, `${prefix}.attn.out_proj.weight`, `${prefix}.attn.out_proj.bias`))
  const inner = linear(norm(h, `${prefix}.ln_2`), `${prefix}.mlp.c_fc.weight`, `${prefix}.mlp.c_fc.bias`)
  const active = clip.config.activation === 'quick' ? quickGelu(inner) : gelu(inner)
  return add(h, linear(active, `${prefix}.mlp.c_proj.weight`, `${prefix}.mlp.c_proj.bias`))
}

const repeat = (rows: Tensor, groups: number) =>
  expand(reshape(rows, [1, ...rows.shape]), [groups, ...rows.shape])

/** Normalised text features over all of the context's length: [classes, embedDim], or [K, classes, embedDim]. */
export async function plainText(
  clip: Clip,
  prompts: TextPrompts,
  classNames: readonly string[],
): Promise<Tensor> {
  const { context, each = 'prompt' } = prompts
  const contextOf = (i: number): Tensor =>
    context.rank === 2 ? context : reshape(slice(context, 0, i, i + 1), context.shape.slice(1))
  if (context.rank === 2 || each === 'class') {
    const rows = classNames.map((name, c) => plainFeature(clip, prompts, contextOf(c), name))
    return concat(await Promise.all(rows), 0)
  }
  const sets = Array.from({ length: context.dim(0) }, async (_, k) => {
    const rows = classNames.map((name) => plainFeature(clip, prompts, contextOf(k), name))
    return reshape(concat(await Promise.all(rows), 0), [1, classNames.length, -1])
  })
  return concat(await Promise.all(sets), 0)
}

/** The normalised feature of one class under one context: [1, embedDim]. */
async function plainFeature(
  clip: Clip,
  { words, position = 'end', deep = [] }: TextPrompts,
  context: Tensor,
  className: string,
): Promise<Tensor> {
  const get = getter(clip)
  const { width, layers, heads, contextLength } = clip.config.text
  const n = context.dim(0)
  const name = readableClassName(className)
  const tokens = clip.tokenizer.tokenize(`${words} ${name}.`)
  const ids = [...tokens, ...Array(contextLength - tokens.length).fill(0)]
  const embedded = values(
    `plain:${ids.join()}`,
    [contextLength, width],
    await clip.tensors.readRows('token_embedding.weight', ids),
    { owner: clip },
  )
  const nameEnd = 1 + n + clip.tokenizer.encode(name).length
  const nameRows = slice(embedded, 0, 1 + n, nameEnd)
  const rest = slice(embedded, 0, nameEnd, contextLength)
  const half = Math.floor(n / 2)
  const parts = {
    end: [context, nameRows],
    middle: [...(half > 0 ? [slice(context, 0, 0, half)] : []), nameRows, slice(context, 0, half, n)],
    front: [nameRows, context],
  }[position]
  const sequence = concat([slice(embedded, 0, 0, 1), ...parts, rest], 0)
  let x = reshape(add(sequence, get('positional_embedding')), [1, contextLength, width])
  const causal = () =>
    Float32Array.from({ length: contextLength ** 2 }, (_, i) =>
      i % contextLength > Math.floor(i / contextLength) ? -Infinity : 0,
    )
  const mask = constant('plain_mask', [contextLength, contextLength], causal, { owner: clip })
  for (let i = 0; i < layers; i++) {
    const prompt = i > 0 ? deep[i - 1] : undefined
    if (prompt) {
      x = concat([slice(x, 1, 0, 1), repeat(prompt, 1), slice(x, 1, 1 + n, contextLength)], 1)
    }
    x = block(clip, get, `transformer.resblocks.${i}`, heads, x, mask)
  }
  x = layerNorm(x, get('ln_final.weight'), get('ln_final.bias'))
  const end = reshape(slice(x, 1, tokens.length - 1, tokens.length), [1, width])
  return l2Normalize(gemm(end, get('text_projection')))
}

/** Normalised image features: [B, embedDim]. `observe` is told every block's attention: [B, heads, tokens, tokens]. */
export function plainImage(
  clip: Clip,
  images: Tensor,
  prompts?: Pick<Prompts, 'visual'>,
  observe?: (weights: Tensor) => void,
): Tensor {
  const get = getter(clip)
  const { vision } = clip.config
  if (vision.kind !== 'vit') throw new TypeError('ViT only')
  const { width, patchSize, layers, heads } = vision
  const grid = vision.resolution / patchSize
  const batch = images.dim(0)
  const pixels = transpose(reshape(images, [batch, 3, grid, patchSize, grid, patchSize]), [0, 2, 4, 1, 3, 5])
  const kernel = reshape(get('visual.conv1.weight'), [width, -1])
  const patches = reshape(gemm(reshape(pixels, [batch * grid ** 2, -1]), kernel, { transB: true }), [
    batch,
    -1,
    width,
  ])
  const classToken = repeat(reshape(get('visual.class_embedding'), [1, width]), batch)
  let x = add(concat([classToken, patches], 1), get('visual.positional_embedding'))
  const visual = prompts?.visual
  if (visual) x = concat([x, repeat(visual.input, batch)], 1)
  x = layerNorm(x, get('visual.ln_pre.weight'), get('visual.ln_pre.bias'))
  for (let i = 0; i < layers; i++) {
    const deep = i > 0 ? visual?.deep[i - 1] : undefined
    if (deep) x = concat([slice(x, 1, 0, 1 + grid ** 2), repeat(deep, batch)], 1)
    x = block(clip, get, `visual.transformer.resblocks.${i}`, heads, x, undefined, observe)
  }
  x = layerNorm(
    reshape(slice(x, 1, 0, 1), [batch, width]),
    get('visual.ln_post.weight'),
    get('visual.ln_post.bias'),
  )
  return l2Normalize(gemm(x, get('visual.proj')))
}
