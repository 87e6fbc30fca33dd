import { createHash, type Hash } from 'node:crypto'

/** What a file's bytes must hash to: SHA-256, or SHA-1 as git computes it for a blob. */
export type Checksum =
  | { readonly kind: 'sha256'; readonly hex: string }
  | { readonly kind: 'git-blob'; readonly hex: string; readonly size: number }

/** Begins the hash of a file from its first byte on. */
export function startHash(checksum: Checksum): Hash {
  return checksum.kind === 'sha256'
    ? createHash('sha256')
    : createHash('sha1').update(`blob ${checksum.size}\0`)
}
