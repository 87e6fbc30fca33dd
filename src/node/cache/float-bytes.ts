/** float32 values as bytes of this machine's order; keys name the architecture. */
export function toBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.slice().buffer)
}

/** What {@link toBytes} has written; undefined where that cannot be. */
export function floatsOf(bytes: Uint8Array | undefined): Float32Array | undefined {
  return bytes && bytes.length % 4 === 0 ? new Float32Array(bytes.slice().buffer) : undefined
}
