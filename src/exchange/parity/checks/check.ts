import type { Runtime } from '../../../core/runtime/session.js'
import type { Outcome } from '../deviation.js'

/** What a check of a part of a golden root may use. */
export interface CheckContext {
  readonly root: string
  readonly runtime: Runtime
}

/** A part of a golden root beside its cases. */
export interface Check {
  /** Name in the report. */
  readonly name: string
  /** The file or folder it reads, relative to the root; where it is absent the check is not made. */
  readonly path: string
  /** One outcome for each thing checked. Throws UserError when a file is missing or damaged. */
  run(context: CheckContext): AsyncIterable<Outcome>
}
