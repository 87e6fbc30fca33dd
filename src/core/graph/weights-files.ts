import type { OnnxModel } from './onnx.js'
import { arrayOf, type Derived, type DType, type LoadValues } from './tensor.js'

/** The name under which a model refers to its large constants, but for those that stand in a file of their own. */
export const WEIGHTS_LOCATION = 'weights.bin'

/** Below so many bytes, what follows from a model is computed sooner than looked for. */
const WORTH_KEEPING = 16e6

/** A large constant and where its values lie in its file. */
export interface ExternalWeight {
  /** Unique in the model: the constant's label, numbered where several have it. */
  readonly name: string
  /** In bytes. */
  readonly offset: number
  /** In elements. */
  readonly size: number
  readonly dtype: DType
  readonly load: LoadValues<DType>
  readonly derived?: Derived | undefined
}

/** Constants that a model finds in one file. */
export interface WeightsFile {
  /** Names the file in the model. */
  readonly location: string
  readonly bytes: number
  readonly weights: readonly ExternalWeight[]
  /** How all of it follows from a model; undefined where other things are among it. */
  readonly derived?: DerivedFile
}

/** See {@link WeightsFile}. */
export interface DerivedFile extends Pick<Derived, 'from' | 'part'> {
  /** Equal texts of one model are equal bytes. */
  readonly contents: string
}

/** Constants begin at multiples of this, as the widest instructions of processors like it. */
const ALIGNMENT = 64

/** Bytes that a constant takes in a file. */
export const alignedBytes = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT

/**
 * Divides constants among files: what follows from a model alone, part by part of it, in an order that depends on nothing else,
 * so that graphs that need the same of it have the same file; and the rest.
 *
 * @param external as they stand in the model, one for each of `weights`
 */
export function weightsFiles(
  external: OnnxModel['external'],
  weights: readonly ExternalWeight[],
): { readonly external: OnnxModel['external']; readonly files: readonly WeightsFile[] } {
  const placed = external.slice()
  const files: WeightsFile[] = []
  const rest = new Set(weights.keys())
  for (const group of derivedGroups(weights)) {
    if (group.reduce((sum, i) => sum + external[i]!.length, 0) < WORTH_KEEPING) continue
    const howOf = (i: number) => weights[i]!.derived!.how
    const byHow = new Map(group.map((i) => [howOf(i), weights[i]!]))
    const file = laidOut([...byHow.entries()], `derived-${files.length}.bin`)
    const offsets = new Map(file.weights.map(({ derived, offset }) => [derived!.how, offset]))
    for (const i of group) {
      placed[i] = { ...external[i]!, location: file.location, offset: offsets.get(howOf(i))! }
      rest.delete(i)
    }
    files.push(file)
  }
  const others: ExternalWeight[] = []
  let bytes = 0
  for (const i of rest) {
    placed[i] = { ...external[i]!, offset: bytes }
    others.push({ ...weights[i]!, offset: bytes })
    bytes += alignedBytes(external[i]!.length)
  }
  if (bytes > 0) files.push({ location: WEIGHTS_LOCATION, bytes, weights: others })
  return { external: placed, files }
}

/** Indices of constants that belong to one part of one model. */
function derivedGroups(weights: readonly ExternalWeight[]): number[][] {
  const groups = new Map<object, Map<string, number[]>>()
  for (const [i, { derived }] of weights.entries()) {
    if (!derived) continue
    const parts = groups.get(derived.from) ?? new Map<string, number[]>()
    parts.set(derived.part, [...(parts.get(derived.part) ?? []), i])
    groups.set(derived.from, parts)
  }
  return [...groups.values()].flatMap((parts) => [...parts.values()])
}

/** A file of constants, told apart by how each follows from the model. */
function laidOut(byHow: readonly (readonly [string, ExternalWeight])[], location: string): WeightsFile {
  const sorted = byHow.toSorted(([a], [b]) => (a < b ? -1 : 1))
  let bytes = 0
  const weights = sorted.map(([, weight]) => {
    const offset = bytes
    bytes += alignedBytes(weight.size * arrayOf[weight.dtype].BYTES_PER_ELEMENT)
    return { ...weight, offset }
  })
  const contents = JSON.stringify(weights.map(({ derived, dtype, size }) => [derived!.how, dtype, size]))
  const { from, part } = weights[0]!.derived!
  return { location, bytes, weights, derived: { from, part, contents } }
}
