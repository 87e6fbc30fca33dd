import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

export interface GoldenTensor {
  readonly shape: number[]
  readonly dtype: string
  /** Raw little-endian values. */
  readonly bytes: Uint8Array
}

/** Path of a file among the reference images and tensors. */
export function preprocessPath(name: string): string {
  return fileURLToPath(new URL(`../golden/preprocess/${name}`, import.meta.url))
}

/** Tensors of `test/golden/preprocess/<name>.safetensors.gz`. */
export function goldenPixels(name: string): Map<string, GoldenTensor> {
  const file = gunzipSync(readFileSync(preprocessPath(`${name}.safetensors.gz`)))
  const data = 8 + Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.toString('utf8', 8, data)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >
  const entries = Object.entries(header).filter(([key]) => key !== '__metadata__')
  return new Map(
    entries.map(
      ([
        key,
        {
          dtype,
          shape,
          data_offsets: [start, end],
        },
      ]) => [key, { dtype, shape, bytes: Uint8Array.from(file.subarray(data + start, data + end)) }],
    ),
  )
}

/** The {@link pixelDifference} of equal pixels. */
export const identical = { largest: 0, share: 0 }

/** How far two byte arrays are apart: the largest difference and the share of values that differ. */
export function pixelDifference(
  actual: Uint8Array,
  expected: Uint8Array,
): { largest: number; share: number } {
  if (actual.length !== expected.length) return { largest: Number.POSITIVE_INFINITY, share: 1 }
  let largest = 0
  let differing = 0
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number))
    if (difference > 0) differing++
    if (difference > largest) largest = difference
  }
  return { largest, share: differing / actual.length }
}
