/** The bytes that one or more tensors look into. */
export interface TensorStorage {
  /** Fills all of `target` from byte `position` on. */
  readInto(target: Uint8Array, position: number): Promise<void>
  /**
   * Hands out `length` bytes from `position` on, in order and in pieces of `pieceBytes` (the last may be shorter). A
   * piece is valid only until `visit` returns.
   */
  scan(position: number, length: number, visit: Visit): Promise<void>
}

export type Visit = (piece: Uint8Array) => void

/** A multiple of all element sizes; small enough that a piece stays in the processor's cache. */
export const pieceBytes = 2 ** 20

/** What a storage stands on. */
type Bytes = Pick<TensorStorage, 'readInto'>

/** The storage that begins at byte `start` of a file. */
export function storageAt(bytes: Bytes, start: number): TensorStorage {
  return {
    readInto: (target, position) => bytes.readInto(target, start + position),
    scan: (position, length, visit) => scanBytes(bytes, start + position, length, visit),
  }
}

/** Reads the next piece while the last one is looked at. */
export async function scanBytes(bytes: Bytes, position: number, length: number, visit: Visit): Promise<void> {
  const buffers = [takeBuffer(length), takeBuffer(length)] as const
  const read = async (done: number, buffer: Uint8Array) => {
    const piece = buffer.subarray(0, Math.max(0, length - done))
    await bytes.readInto(piece, position + done)
    return piece
  }
  let next = read(0, buffers[0])
  try {
    for (let done = 0, index = 1; done < length; index++) {
      const piece = await next
      done += piece.length
      next = read(done, buffers[index % 2]!)
      visit(piece)
    }
  } finally {
    await next.catch(() => {})
    spare.push(...buffers.filter((buffer) => buffer.length === pieceBytes))
    spare.length = Math.min(spare.length, maxSpare)
  }
}

/** Full buffers that nobody uses: making and clearing new ones for every tensor takes as long as the conversion. */
const spare: Uint8Array[] = []
const maxSpare = 4

function takeBuffer(length: number): Uint8Array {
  return length < pieceBytes ? new Uint8Array(length) : (spare.pop() ?? new Uint8Array(pieceBytes))
}
