import {
  add,
  attention,
  averagePool2d,
  concat,
  constant,
  conv2d,
  mean,
  mul,
  relu,
  reshape,
  slice,
  type Tensor,
  transpose,
} from '../../graph/index.js'
import { linear } from '../block.js'
import type { ResNetConfig } from '../config.js'
import type { ClipTensors } from '../weights.js'
import {
  linearTensors,
  type NamedShape,
  type Projection,
  type Shape,
  type TowerArchitecture,
} from './tower.js'

/** The modified ResNet of RN50, RN101, RN50x4, …: it has no tokens, and so takes no visual prompts. */
export const modifiedResNet: TowerArchitecture<ResNetConfig> = {
  traits: ({ resolution, width, stages }) => ({
    title: 'ResNet',
    inputs: [3, resolution, resolution],
    promptBlocks: 0,
    width: 0,
    grid: undefined,
    sizes: {
      width,
      image_size: resolution,
      ...Object.fromEntries(stages.map((blocks, i) => [`layers[${i}]`, blocks])),
    },
  }),

  *tensors({ width, stages, resolution }, embedDim) {
    const half = width / 2
    yield* convolutionTensors('visual', 'conv1', 'bn1', [half, 3, 3, 3])
    yield* convolutionTensors('visual', 'conv2', 'bn2', [half, half, 3, 3])
    yield* convolutionTensors('visual', 'conv3', 'bn3', [width, half, 3, 3])
    let channels = width
    for (const [stage, blocks] of stages.entries()) {
      const inner = width * 2 ** stage
      for (let i = 0; i < blocks; i++) {
        const block = `visual.layer${stage + 1}.${i}`
        yield* convolutionTensors(block, 'conv1', 'bn1', [inner, channels, 1, 1])
        yield* convolutionTensors(block, 'conv2', 'bn2', [inner, inner, 3, 3])
        yield* convolutionTensors(block, 'conv3', 'bn3', [4 * inner, inner, 1, 1])
        if (i === 0)
          yield* convolutionTensors(block, 'downsample.0', 'downsample.1', [4 * inner, channels, 1, 1])
        channels = 4 * inner
      }
    }
    const cells = (resolution / 32) ** 2
    yield ['visual.attnpool.positional_embedding', [cells + 1, channels]]
    for (const name of ['q_proj', 'k_proj', 'v_proj']) {
      yield* linearTensors(`visual.attnpool.${name}`, channels, channels)
    }
    yield* linearTensors('visual.attnpool.c_proj', embedDim, channels)
  },

  build: ({ config, tensors }) => ({
    ...modifiedResNet.traits(config),
    features(images, prompts) {
      if (prompts) throw new TypeError('a ResNet image tower takes no visual prompts')
      return projectionOf(tensors).apply(pooledMap(tensors, config, images))
    },
    pooled: (images) => pooledMap(tensors, config, images),
    get projection() {
      return projectionOf(tensors)
    },
    activations(images) {
      const [stem, ...stages] = resnetStages(tensors, config, images)
      const named = stages.map((map, i) => [`image.layer${i + 1}`, map] as const)
      return { 'image.stem': stem!, ...Object.fromEntries(named) }
    },
  }),
}

function* convolutionTensors(block: string, conv: string, bn: string, shape: Shape): Generator<NamedShape> {
  yield [`${block}.${conv}.weight`, shape]
  for (const name of ['weight', 'bias', 'running_mean', 'running_var'])
    yield [`${block}.${bn}.${name}`, [shape[0]!]]
}

/** The map from what attention pools to the features, which are not normalised. */
function projectionOf(tensors: ClipTensors): Projection {
  const name = 'visual.attnpool.c_proj.weight'
  const bias = weightOf(tensors, 'visual.attnpool.c_proj.bias')
  const own = weightOf(tensors, name)
  return {
    name,
    shape: own.shape,
    inputs: own.dim(1),
    weight: own,
    apply: (pooled, weight = own) => linear(pooled, { weight, bias }),
  }
}

/**
 * What the modified ResNet pools: [B, channels] (CLIP paper, section 2.4: a stem of three convolutions, average pools
 * in place of strides, attention pooling).
 *
 * @param images normalised pixels [B, 3, resolution, resolution]
 */
function pooledMap(tensors: ClipTensors, config: ResNetConfig, images: Tensor): Tensor {
  return attentionPool(tensors, resnetStages(tensors, config, images).at(-1)!, config.heads)
}

const weightOf = (tensors: ClipTensors, name: string): Tensor =>
  constant(name, tensors.shape(name), () => tensors.read(name), { owner: tensors })

/** Feature maps after the stem and after each of the four stages: [B, C, H, W]. */
function resnetStages(tensors: ClipTensors, config: ResNetConfig, images: Tensor): Tensor[] {
  const conv = (x: Tensor, name: string, bn: string, stride = 1, padding = 0) =>
    convolution(tensors, x, `visual.${name}`, `visual.${bn}`, stride, padding)

  let x = relu(conv(images, 'conv1', 'bn1', 2, 1))
  x = relu(conv(x, 'conv2', 'bn2', 1, 1))
  x = relu(conv(x, 'conv3', 'bn3', 1, 1))
  x = averagePool2d(x, 2)
  const maps = [x]
  for (const [stage, blocks] of config.stages.entries()) {
    for (let i = 0; i < blocks; i++) {
      x = bottleneck(conv, x, `layer${stage + 1}.${i}`, i === 0 && stage > 0 ? 2 : 1, i === 0)
    }
    maps.push(x)
  }
  return maps
}

type Convolve = (x: Tensor, name: string, bn: string, stride?: number, padding?: number) => Tensor

function bottleneck(conv: Convolve, x: Tensor, name: string, stride: number, downsample: boolean): Tensor {
  const pool = (t: Tensor) => (stride > 1 ? averagePool2d(t, stride) : t)
  let y = relu(conv(x, `${name}.conv1`, `${name}.bn1`))
  y = relu(conv(y, `${name}.conv2`, `${name}.bn2`, 1, 1))
  y = conv(pool(y), `${name}.conv3`, `${name}.bn3`)
  const identity = downsample ? conv(pool(x), `${name}.downsample.0`, `${name}.downsample.1`) : x
  return relu(add(y, identity))
}

/** One multi-head attention whose only query is the mean over all positions. */
function attentionPool(tensors: ClipTensors, x: Tensor, heads: number): Tensor {
  const [batch, channels] = x.shape as [number, number]
  const get = (name: string) => weightOf(tensors, name)
  const projection = (name: string) => ({
    weight: get(`visual.attnpool.${name}.weight`),
    bias: get(`visual.attnpool.${name}.bias`),
  })
  const cells = transpose(reshape(x, [batch, channels, -1]), [0, 2, 1]) // (B, h*w, C)
  const tokens = add(concat([mean(cells, [1], true), cells], 1), get('visual.attnpool.positional_embedding'))
  const rows = reshape(tokens, [-1, channels])
  const byHead = (y: Tensor) => transpose(reshape(y, [batch, -1, heads, channels / heads]), [0, 2, 1, 3])
  const first = reshape(slice(tokens, 1, 0, 1), [batch, channels])
  const q = mul(linear(first, projection('q_proj')), 1 / Math.sqrt(channels / heads))
  const pooled = attention(
    byHead(q),
    byHead(linear(rows, projection('k_proj'))),
    byHead(linear(rows, projection('v_proj'))),
  )
  return reshape(transpose(pooled, [0, 2, 1, 3]), [batch, channels])
}

/** Convolution and the batch norm behind it as one: w' = w g / sqrt(var + eps), b' = b - mean g / sqrt(var + eps). */
function convolution(
  tensors: ClipTensors,
  x: Tensor,
  name: string,
  bn: string,
  stride: number,
  padding: number,
): Tensor {
  const shape = tensors.shape(`${name}.weight`)
  const scale = async () => {
    const gain = await tensors.read(`${bn}.weight`)
    const variance = await tensors.read(`${bn}.running_var`)
    return gain.map((g, i) => g / Math.sqrt(variance[i]! + 1e-5))
  }
  const weight = async () => {
    const factors = await scale()
    const w = await tensors.read(`${name}.weight`)
    const perChannel = w.length / factors.length
    return w.map((value, i) => value * factors[Math.floor(i / perChannel)]!)
  }
  const bias = async () => {
    const factors = await scale()
    const center = await tensors.read(`${bn}.running_mean`)
    return (await tensors.read(`${bn}.bias`)).map((b, i) => b - center[i]! * factors[i]!)
  }
  return conv2d(
    x,
    constant(`${name}.weight`, shape, weight, { owner: tensors }),
    constant(`${name}.bias`, [shape[0]!], bias, { owner: tensors }),
    stride,
    padding,
  )
}
