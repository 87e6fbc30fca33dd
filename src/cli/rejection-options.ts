import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ClassSelection } from '../core/data/base-novel.js'

/** Options of {@link withRejectionOptions}. */
export interface RejectionFlags {
  readonly threshold?: number
  readonly accept?: number
}

/** Adds --threshold and --accept, which decide when the answer is "none of these". */
export function withRejectionOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--threshold <score>', 'answer "none of these" below it; 0: never (default: the run’s own)')
        .argParser(share(true))
        .conflicts('accept'),
    )
    .addOption(
      new Option(
        '--accept <share>',
        'the threshold that accepts this share of held-out images, such as 0.95',
      ).argParser(share(false)),
    )
}

/** Options of {@link withOtherOptions}. */
export interface OtherFlags {
  readonly other?: string
  readonly otherClasses: ClassSelection
}

/** Adds --other and --other-classes. */
export function withOtherOptions(command: Command): Command {
  return command
    .option('--other <data>', 'images of none of the classes, read as DATA is: how well are they told apart?')
    .addOption(
      new Option('--other-classes <which>', 'classes of --other to take images of')
        .choices(['all', 'base', 'novel'])
        .default('all'),
    )
}

/** Parses a number up to 1; `zero`: 0 is one as well. */
export const share =
  (zero: boolean) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if ((value > 0 || (zero && value === 0)) && value <= 1) return value
    throw new InvalidArgumentError(
      `Expected a number ${zero ? 'from 0 to 1' : 'above 0 and up to 1, such as 0.95'}.`,
    )
  }
