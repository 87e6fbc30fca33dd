import { constant, mul, slice, split, type Tensor } from '../graph/index.js'
import { type ClipTensors, derivedFrom, readInto } from './weights.js'

/** x W^T + b on rows. */
export interface Linear {
  /** [out, in] */
  readonly weight: Tensor
  /** [out] */
  readonly bias: Tensor
  /** Added to what it gives, made of the same rows: x [rows, in] -> [rows, out]. */
  readonly beside?: ((x: Tensor) => Tensor) | undefined
}

/** Gain and bias of a layer norm; absent where they were folded into the linear layers that follow. */
export interface Norm {
  readonly gain: Tensor
  readonly bias: Tensor
}

/** The weights of one residual attention block, in the form in which the block applies them. */
export interface BlockWeights {
  readonly heads: number
  readonly norm1: Norm | undefined
  /** The query projection with 1 / sqrt(head width) in it. */
  readonly query: Linear
  readonly key: Linear
  readonly value: Linear
  readonly out: Linear
  readonly norm2: Norm | undefined
  readonly fc: Linear
  readonly proj: Linear
  /** `silu`: SiLU itself, or quick GELU whose factor 1.702 was folded into `fc` and 1/1.702 into `proj`. */
  readonly activation: 'silu' | 'quick' | 'exact'
  /** The gate of a gated MLP: `fc(x) * activation(gate(x))` takes the place of `activation(fc(x))`. */
  readonly gate?: Linear
  /** Whether norms stand in front of `out` and of `proj` too (sub-LayerNorm); gain and bias are folded into those. */
  readonly subNorms?: boolean
  /** Added to the variance in all of its norms. Default: 1e-5. */
  readonly epsilon?: number
}

/** What the block weights of a tower depend on. */
export interface BlockShape {
  readonly width: number
  readonly heads: number
  readonly activation: 'quick' | 'exact'
}

/**
 * Frozen block weights with everything constant folded in, exactly: the layer norms' gain and bias, the scale of the
 * queries and, for quick GELU, its factor.
 *
 *   (x * g + b) W^T + c = x (W diag(g))^T + (W b + c)
 *   quickGelu(x) = silu(1.702 x) / 1.702
 */
export function foldedBlockWeights(tensors: ClipTensors, prefix: string, shape: BlockShape): BlockWeights {
  const { width, heads, activation } = shape
  const attn = `${prefix}.attn.in_proj`
  const scale = 1 / Math.sqrt(width / heads)
  const factor = activation === 'quick' ? 1.702 : 1
  const inProj = (part: number, name: string, factor = 1) =>
    foldedLinear(tensors, {
      key: `${prefix}.${name}`,
      weight: `${attn}_weight`,
      bias: `${attn}_bias`,
      rows: [part * width, (part + 1) * width],
      norm: `${prefix}.ln_1`,
      scaleWeight: factor,
      scaleBias: factor,
    })
  return {
    heads,
    norm1: undefined,
    query: inProj(0, 'query', scale),
    key: inProj(1, 'key'),
    value: inProj(2, 'value'),
    out: foldedLinear(tensors, linearOf(`${prefix}.attn.out_proj`)),
    norm2: undefined,
    fc: foldedLinear(tensors, {
      ...linearOf(`${prefix}.mlp.c_fc`),
      norm: `${prefix}.ln_2`,
      scaleWeight: factor,
      scaleBias: factor,
    }),
    proj: foldedLinear(tensors, { ...linearOf(`${prefix}.mlp.c_proj`), scaleWeight: 1 / factor }),
    activation: activation === 'quick' ? 'silu' : 'exact',
  }
}

/** Block weights computed in the graph from tensors of any kind, with nothing folded: for training a CLIP from nothing. */
export function plainBlockWeights(
  get: (name: string) => Tensor,
  prefix: string,
  shape: BlockShape,
): BlockWeights {
  const { width, heads, activation } = shape
  const norm = (name: string): Norm => ({
    gain: get(`${prefix}.${name}.weight`),
    bias: get(`${prefix}.${name}.bias`),
  })
  const linear = (name: string): Linear => ({
    weight: get(`${prefix}.${name}.weight`),
    bias: get(`${prefix}.${name}.bias`),
  })
  const part = (index: number): Linear => ({
    weight: slice(get(`${prefix}.attn.in_proj_weight`), 0, index * width, (index + 1) * width),
    bias: slice(get(`${prefix}.attn.in_proj_bias`), 0, index * width, (index + 1) * width),
  })
  const query = part(0)
  const scale = 1 / Math.sqrt(width / heads)
  return {
    heads,
    norm1: norm('ln_1'),
    query: { weight: mul(query.weight, scale), bias: mul(query.bias, scale) },
    key: part(1),
    value: part(2),
    out: linear('attn.out_proj'),
    norm2: norm('ln_2'),
    fc: linear('mlp.c_fc'),
    proj: linear('mlp.c_proj'),
    activation,
  }
}

/** What takes the place of frozen weights, or stands beside them, in towers that are trained. */
export interface Tuning {
  /** Tensors of the graph in the place of CLIP's own, by canonical names. */
  readonly weights: ReadonlyMap<string, Tensor>
  /**
   * Added to what the query, key or value projection of a block gives, made of its input: x [rows, width] -> [rows, width].
   *
   * @param block prefix of the block's names
   */
  readonly beside?: ((block: string, part: AttentionPart) => Linear['beside']) | undefined
}

/** A projection of a block's input. */
export type AttentionPart = 'query' | 'key' | 'value'

/** Whether a tuning says anything of the tensors of that prefix. */
export const touches = ({ weights, beside }: Tuning, prefix: string): boolean =>
  beside?.(prefix, 'query') !== undefined || [...weights.keys()].some((name) => name.startsWith(`${prefix}.`))

/**
 * Block weights of which some are tensors of the graph. Only what none of these reaches is folded: a layer norm where neither
 * it nor the layers behind it are tuned, the activation's factor where it stands in frozen weights.
 */
export function tunedBlockWeights(
  tensors: ClipTensors,
  tuning: Tuning,
  prefix: string,
  shape: BlockShape,
): BlockWeights {
  const { width, heads } = shape
  const tuned = (...names: string[]) => names.some((name) => tuning.weights.has(`${prefix}.${name}`))
  const get = (name: string) =>
    tuning.weights.get(name) ?? constant(name, tensors.shape(name), () => tensors.read(name))
  const norm = (name: string): Norm => ({
    gain: get(`${prefix}.${name}.weight`),
    bias: get(`${prefix}.${name}.bias`),
  })
  const attn = `${prefix}.attn.in_proj`
  const beside = (part: AttentionPart) => tuning.beside?.(prefix, part)
  const norm1 =
    beside('query') || tuned('ln_1.weight', 'ln_1.bias', 'attn.in_proj_weight', 'attn.in_proj_bias')
      ? norm('ln_1')
      : undefined
  const norm2 = tuned('ln_2.weight', 'ln_2.bias', 'mlp.c_fc.weight', 'mlp.c_fc.bias')
    ? norm('ln_2')
    : undefined
  const thirds = (name: string) => {
    const learned = tuning.weights.get(name)
    return learned ? split(learned, 0, [width, width, width]) : []
  }
  const [weights, biases] = [thirds(`${attn}_weight`), thirds(`${attn}_bias`)]
  const folded = (spec: FoldedLinear, weight?: Tensor, bias?: Tensor): Linear => {
    const frozen = foldedLinear(tensors, spec)
    const scaled = (x: Tensor, factor = 1) => (factor === 1 ? x : mul(x, factor))
    return {
      weight: weight ? scaled(weight, spec.scaleWeight) : frozen.weight,
      bias: bias ? scaled(bias, spec.scaleBias) : frozen.bias,
    }
  }
  const inProj = (index: number, part: AttentionPart, factor = 1): Linear => {
    const own = folded(
      {
        key: `${prefix}.${part}`,
        weight: `${attn}_weight`,
        bias: `${attn}_bias`,
        rows: [index * width, (index + 1) * width],
        ...(norm1 ? {} : { norm: `${prefix}.ln_1` }),
        scaleWeight: factor,
        scaleBias: factor,
      },
      weights[index],
      biases[index],
    )
    const added = beside(part)
    return added ? { ...own, beside: (x) => mul(added(x), factor) } : own
  }
  const layer = (name: string, options: Partial<FoldedLinear> = {}) =>
    folded(
      { ...linearOf(`${prefix}.${name}`), ...options },
      tuning.weights.get(`${prefix}.${name}.weight`),
      tuning.weights.get(`${prefix}.${name}.bias`),
    )
  const quick = shape.activation === 'quick'
  const factor = quick && !tuned('mlp.c_fc.weight', 'mlp.c_proj.weight') ? 1.702 : 1
  return {
    heads,
    norm1,
    query: inProj(0, 'query', 1 / Math.sqrt(width / heads)),
    key: inProj(1, 'key'),
    value: inProj(2, 'value'),
    out: layer('attn.out_proj'),
    norm2,
    fc: layer('mlp.c_fc', {
      ...(norm2 ? {} : { norm: `${prefix}.ln_2` }),
      scaleWeight: factor,
      scaleBias: factor,
    }),
    proj: layer('mlp.c_proj', { scaleWeight: 1 / factor }),
    activation: factor === 1 ? shape.activation : 'silu',
  }
}

/** How a linear layer's constants are computed from the tensors of a model. */
export interface FoldedLinear {
  readonly key: string
  readonly weight: string
  /** Absent where it has none. */
  readonly bias?: string
  /** Rows of weight and bias to take. Default: all. */
  readonly rows?: readonly [number, number]
  /** The layer norm in front, whose gain and bias are folded in. */
  readonly norm?: string
  readonly scaleWeight?: number
  readonly scaleBias?: number
  /** For each output, the row that it is of. Default: the same. */
  readonly order?: readonly number[]
}

/** A linear layer as it is. */
export const linearOf = (name: string): FoldedLinear => ({
  key: name,
  weight: `${name}.weight`,
  bias: `${name}.bias`,
})

/** A linear layer as constants: weight [out, in] and bias [out]. */
export function foldedLinear(tensors: ClipTensors, spec: FoldedLinear): Linear {
  const [outputs, inputs] = tensors.shape(spec.weight) as [number, number]
  const [from, to] = spec.rows ?? [0, outputs]
  const { scaleWeight = 1, scaleBias = 1 } = spec

  /** Known once the weight was read, which comes first where both are loaded. */
  let foldedBias: Float32Array | undefined
  /** Puts the weight into an array, and finds the bias in passing, which reads it before it is scaled. */
  const fold = async (into: Float32Array): Promise<Float32Array> => {
    await readInto(tensors, spec.weight, into, from)
    const zeros = new Float32Array(to - from)
    const c = spec.bias ? await readInto(tensors, spec.bias, zeros, from) : zeros
    const gain = spec.norm ? await tensors.read(`${spec.norm}.weight`) : new Float32Array(inputs).fill(1)
    const shift = spec.norm && (await tensors.read(`${spec.norm}.bias`))
    if (shift || scaleWeight !== 1) {
      const columns = gain.map((g) => g * scaleWeight)
      for (let row = 0; row < c.length; row++) {
        if (shift) c[row] = foldRow(into, row * inputs, shift, columns, c[row]!)
        else scaleRow(into, row * inputs, columns)
      }
    }
    foldedBias = c.map((value) => value * scaleBias)
    return foldedBias
  }
  const ownArray = (): Float32Array => new Float32Array((to - from) * inputs)
  const { order } = spec
  const weight = async (into = ownArray()) => {
    await fold(into)
    if (order) into.set(pickRows(into, inputs, order))
    return into
  }
  const bias = async () => {
    const all = foldedBias ?? (await fold(ownArray()))
    return order ? pickRows(all, 1, order) : all
  }
  // In this order, as files are laid out by it: the weight first, with which the bias is found in passing.
  const derived = (place: number) => derivedFrom(tensors, spec.weight, ['linear', spec, place])
  return {
    weight: constant(`${spec.key}.weight`, [to - from, inputs], weight, { derived: derived(0) }),
    bias: constant(`${spec.key}.bias`, [to - from], bias, { derived: derived(1) }),
  }
}

// Loops over a row each: what is small and called often is compiled well.

/** Scales a row, and gives sum + row . shift as it was before, in double precision: one pass takes half the time of two. */
function foldRow(
  values: Float32Array,
  start: number,
  shift: Float32Array,
  columns: Float32Array,
  sum: number,
): number {
  let total = sum
  for (let i = 0; i < shift.length; i++) {
    const value = values[start + i]!
    total += value * shift[i]!
    values[start + i] = value * columns[i]!
  }
  return total
}

function scaleRow(values: Float32Array, start: number, columns: Float32Array): void {
  for (let i = 0; i < columns.length; i++) values[start + i] = values[start + i]! * columns[i]!
}

/** Rows of a matrix in another order. */
function pickRows(values: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const picked = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries())
    picked.set(values.subarray(row * width, (row + 1) * width), i * width)
  return picked
}
