import { join } from 'node:path'
import type { Unreadable } from './find-photos.js'
import type { JudgedPhoto } from './judge-photos.js'
import { editedSidecar, readSidecar, sidecarOf, type Tagged } from './keywords.js'
import { FileProblem } from './transfer.js'

/** Keywords that would be written. */
export interface KeywordPlan {
  /** A sidecar for each picture whose class is sure, and that has no such keyword yet. */
  readonly entries: readonly Tagged[]
  /** Pictures whose sidecars have their keyword already. */
  readonly tagged: number
  /** Sidecars that are left alone, and why. */
  readonly refused: readonly Unreadable[]
}

/**
 * Tries each edit without writing it.
 *
 * @param folder real path that the pictures are below
 */
export async function planKeywords(folder: string, judged: readonly JudgedPhoto[]): Promise<KeywordPlan> {
  const entries: Tagged[] = []
  const refused: Unreadable[] = []
  let tagged = 0
  for (const { photo, verdict } of judged) {
    if (verdict.kind !== 'class') continue
    const entry = { sidecar: sidecarOf(photo), keyword: keywordOf(verdict.classes[0]!.className) }
    try {
      const edited = editedSidecar(await readSidecar(join(folder, entry.sidecar)), entry.keyword)
      if (edited === undefined) tagged++
      else entries.push(entry)
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error
      refused.push({ path: entry.sidecar, reason: error.message })
    }
  }
  return { entries, tagged, refused }
}

/** A class's name without characters that XML cannot hold. */
const keywordOf = (className: string): string => className.replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, ' ')
