/** What the log file of a run of the reference (Dassl's `log.txt`) says. */
export interface ReferenceLog {
  /** `** Arguments **`, in which `eval_only` and `model_dir` tell what was measured. */
  readonly args: ReadonlyMap<string, string>
  /** `** Config **` by dotted key, as `DATASET.NAME`. */
  readonly config: ReadonlyMap<string, string>
  /** The last result on test images. Undefined where there is none: the run is not finished. */
  readonly result: ReferenceResult | undefined
}

/** Figures of a result block. */
export interface ReferenceResult {
  /** In percent: correct of total where both are there, otherwise as printed, with one decimal. */
  readonly accuracy: number
  /** In percent, with one decimal. */
  readonly macroF1?: number
}

/**
 * Reads the text of a log file. Where a training was resumed into the same file, its last part counts. A result counts
 * after training has ended (or where nothing was trained), and not where it is of validation images.
 *
 * @throws RangeError for a result that is no accuracy, with the reason as message
 */
export function parseReferenceLog(text: string): ReferenceLog {
  let args = new Map<string, string>()
  let config = new Map<string, string>()
  let part: 'arguments' | 'config' | 'rest' = 'rest'
  let path: { indent: number; key: string }[] = []
  let training: 'none' | 'running' | 'ended' = 'none'
  let validation = false
  let block: Map<string, string> | undefined
  let last: Map<string, string> | undefined

  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line === '** Arguments **') {
      part = 'arguments'
      args = new Map()
      training = 'none'
    } else if (line === '** Config **') {
      part = 'config'
      config = new Map()
      path = []
    } else if (/^(Collecting env info|\*\* System info|Loading trainer)/.test(line)) {
      part = 'rest'
    } else if (part === 'arguments') {
      const pair = /^(\w+): ?(.*)$/.exec(line)
      if (pair) args.set(pair[1]!, pair[2]!.trim())
    } else if (part === 'config') {
      const pair = /^( *)([A-Z]\w*):(?: (.*))?$/.exec(line)
      if (!pair) continue
      const indent = pair[1]!.length
      path = [...path.filter((outer) => outer.indent < indent), { indent, key: pair[2]! }]
      if (pair[3] !== undefined) config.set(path.map(({ key }) => key).join('.'), unquoted(pair[3]))
    } else if (/^epoch \[\d+\/\d+\]/.test(line)) {
      training = 'running'
      last = undefined
    } else if (/^Finish(ed)? training/.test(line)) {
      training = 'ended'
    } else if (/^(Evaluate|Do evaluation) on /.test(line)) {
      validation = /\bval/.test(line)
    } else if (line === '=> result') {
      block = validation || training === 'running' ? undefined : new Map()
      if (block) last = block
    } else if (block) {
      const pair = /^\* (\w+): (.*)$/.exec(line)
      if (pair) block.set(pair[1]!, pair[2]!.trim())
      else block = undefined
    }
  }
  return { args, config, result: last && resultOf(last) }
}

const unquoted = (text: string): string => text.trim().replace(/^(['"])(.*)\1$/, '$2')

/** The figures of a block; undefined where it breaks off before the accuracy. */
function resultOf(block: ReadonlyMap<string, string>): ReferenceResult | undefined {
  const total = count(block.get('total'))
  const correct = count(block.get('correct'))
  const printed = percentage(block.get('accuracy'))
  const macroF1 = percentage(block.get('macro_f1'))
  if (printed === undefined && (total === undefined || correct === undefined)) return undefined
  const counted = total && correct !== undefined ? (100 * correct) / total : undefined
  const accuracy = counted ?? printed
  if (accuracy === undefined || !(accuracy >= 0 && accuracy <= 100)) {
    throw new RangeError(`its accuracy is "${block.get('accuracy') ?? `${correct} of ${total}`}"`)
  }
  // Half a printed digit, and a little for rounding in another way.
  if (printed !== undefined && !(Math.abs(accuracy - printed) < 0.06)) {
    throw new RangeError(`its accuracy is ${printed} %, but ${correct} of ${total} are correct`)
  }
  const isF1 = macroF1 !== undefined && macroF1 >= 0 && macroF1 <= 100
  return { accuracy, ...(isF1 ? { macroF1 } : {}) }
}

/** A whole number with commas between thousands; undefined for anything else. */
const count = (text: string | undefined): number | undefined =>
  text !== undefined && /^[\d,]+$/.test(text) ? Number(text.replaceAll(',', '')) : undefined

/** NaN for what is not a number; undefined where the line is absent or broken off. */
function percentage(text: string | undefined): number | undefined {
  if (text === undefined || !text.endsWith('%')) return undefined
  return Number(text.slice(0, -1))
}
