import { UserError } from '../../core/errors.js'

/** One entry of an archive, in its order. Its content is read before the next one is asked for, or not at all. */
export interface ArchiveEntry {
  /** As the archive has it: not to be trusted. */
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'special'
  /** In bytes; the content is as long, or reading it fails. */
  readonly size: number
  read(): AsyncIterable<Uint8Array>
}

/** An archive that is cut off, damaged or made to harm. */
export class ArchiveError extends UserError {
  override name = 'ArchiveError'
}

/** What came of reading an archive, as the user should see it. */
export function archiveError(file: string, cause: unknown): unknown {
  if (cause instanceof UserError || !(cause instanceof Error)) return cause
  return new ArchiveError(`${file}: the archive is damaged: ${cause.message}`, {
    hint: 'Download it again; what was unpacked already stays.',
    cause,
  })
}
