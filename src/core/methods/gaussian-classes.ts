import { unitRows } from '../rows.js'

// The host's part of GDA: class means, the shrunk inverse of their common covariance, and what follows from them. Sums
// are in double precision.

/** Features of every image in every view, at length 1: a list of [images, width], a view each. */
export type Views = readonly Float32Array[]

/** Classes as Gaussians of one covariance. */
export interface Gaussians {
  /** [classes, width] */
  readonly means: Float64Array
  /** The shrunk inverse d ((n - 1) S + tr(S) I)^-1 of their covariance S: [width, width]. */
  readonly precision: Float64Array
}

/** Means and precision of the given images, all their views taken as samples. */
export function gaussians(
  views: Views,
  images: readonly number[],
  labels: Int32Array,
  classes: number,
  width: number,
): Gaussians {
  const means = new Float64Array(classes * width)
  const counts = new Float64Array(classes)
  for (const rows of views) {
    for (const i of images) {
      const c = labels[i]!
      counts[c]!++
      for (let d = 0; d < width; d++) means[c * width + d]! += rows[i * width + d]!
    }
  }
  for (let k = 0; k < means.length; k++) means[k]! /= Math.max(1, counts[Math.floor(k / width)]!)
  const scatter = new Float64Array(width * width) // (n - 1) S
  const centred = new Float64Array(width)
  for (const rows of views) {
    for (const i of images) {
      for (let d = 0; d < width; d++) centred[d] = rows[i * width + d]! - means[labels[i]! * width + d]!
      for (let a = 0; a < width; a++) {
        const value = centred[a]!
        for (let b = 0; b <= a; b++) scatter[a * width + b]! += value * centred[b]!
      }
    }
  }
  let trace = 0
  for (let a = 0; a < width; a++) {
    trace += scatter[a * width + a]!
    for (let b = 0; b < a; b++) scatter[b * width + a] = scatter[a * width + b]!
  }
  // Images that do not differ at all have no covariance: the shrinkage alone must stay invertible.
  const shrinkage = Math.max(trace / Math.max(1, views.length * images.length - 1), 1e-12)
  for (let a = 0; a < width; a++) scatter[a * width + a]! += shrinkage
  return { means, precision: invertPositive(scatter, width).map((value) => width * value) }
}

/** w_c = P mu_c and b_c = log(1 / C) - mu_c^T P mu_c / 2, C being `classes`. */
export function discriminants(
  means: Float64Array,
  precision: Float64Array,
  width: number,
  classes = means.length / width,
): { readonly weights: Float64Array; readonly bias: Float64Array } {
  const weights = new Float64Array(means.length)
  const bias = new Float64Array(means.length / width)
  for (let c = 0; c < bias.length; c++) {
    let square = 0
    for (let a = 0; a < width; a++) {
      let sum = 0
      for (let b = 0; b < width; b++) sum += precision[a * width + b]! * means[c * width + b]!
      weights[c * width + a] = sum
      square += sum * means[c * width + a]!
    }
    bias[c] = -Math.log(classes) - square / 2
  }
  return { weights, bias }
}

/** The mean of a class without images: of the images nearest to its text feature, and copies of that. */
export function standIn(
  images: Float32Array,
  text: Float32Array,
  neighbours: number,
  copies: number,
): Float64Array {
  const width = text.length
  const rows = Array.from({ length: images.length / width }, (_, i) =>
    images.subarray(i * width, (i + 1) * width),
  )
  const nearest = rows
    .map((row) => ({ row, cosine: dot(row, text) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, neighbours)
  const count = nearest.length + copies
  return Float64Array.from(text, (value, d) =>
    nearest.reduce((sum, { row }) => sum + row[d]! / count, (copies * value) / count),
  )
}

/** What decides which alpha is best. */
export interface HeldOutOptions {
  readonly labels: Int32Array
  /** L2-normalised text features: [classes, width]. */
  readonly text: Float32Array
  readonly scale: number
  readonly classes: number
  readonly width: number
}

/**
 * The alpha by which most held-out views are classified rightly, the smallest of equals: one half of each class's
 * images by the Gaussians of the other, and the other way round. Undefined where a class has an image alone.
 */
export function heldOutAlpha(
  views: Views,
  alphas: readonly number[],
  options: HeldOutOptions,
): number | undefined {
  const { labels, text, scale, classes, width } = options
  const seen = new Map<number, number>()
  const halves: [number[], number[]] = [[], []]
  for (const [i, label] of labels.entries()) {
    const before = seen.get(label) ?? 0
    halves[(before % 2) as 0 | 1].push(i)
    seen.set(label, before + 1)
  }
  if ([...seen.values()].some((count) => count < 2)) return undefined
  const right = alphas.map(() => 0)
  for (const [fitted, measured] of [halves, [halves[1], halves[0]]] as const) {
    const { means, precision } = gaussians(views, fitted, labels, classes, width)
    const { weights, bias } = discriminants(means, precision, width)
    for (const rows of views) {
      for (const i of measured) {
        const row = rows.subarray(i * width, (i + 1) * width)
        const scores = Array.from(bias, (b, c) => ({
          zeroShot: scale * dot(row, text.subarray(c * width, (c + 1) * width)),
          own: b + dot(row, weights.subarray(c * width, (c + 1) * width)),
        }))
        for (const [k, alpha] of alphas.entries()) {
          const logits = scores.map(({ zeroShot, own }) => zeroShot + alpha * own)
          if (logits.indexOf(Math.max(...logits)) === labels[i]) right[k]!++
        }
      }
    }
  }
  return alphas[right.indexOf(Math.max(...right))]
}

/** The mean over an image's views, at length 1: [images, width]. */
export function meanOfViews(views: Views, width: number): Float32Array {
  const sums = new Float32Array(views[0]!.length)
  for (const rows of views) for (const [i, value] of rows.entries()) sums[i]! += value
  return unitRows(sums, width)
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!
  return sum
}

/** The inverse of a symmetric positive definite matrix [n, n], by its Cholesky factor. */
function invertPositive(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j]!
    }
  }
  const inverse = new Float64Array(n * n)
  const column = new Float64Array(n)
  for (let c = 0; c < n; c++) {
    for (let i = 0; i < n; i++) {
      let sum = i === c ? 1 : 0
      for (let k = c; k < i; k++) sum -= lower[i * n + k]! * column[k]!
      column[i] = i < c ? 0 : sum / lower[i * n + i]!
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = column[i]!
      for (let k = i + 1; k < n; k++) sum -= lower[k * n + i]! * inverse[k * n + c]!
      inverse[i * n + c] = sum / lower[i * n + i]!
    }
  }
  return inverse
}
