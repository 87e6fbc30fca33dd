/**
 * An error that the user can cause and can mend: a bad file, option, model or data set.
 * The command line prints it without a stack trace and exits with code 2.
 *
 * A message names the file or option, says what was found and what was expected;
 * `hint` is the next step, in one sentence.
 */
export class UserError extends Error {
  override name = 'UserError'
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hint = options.hint
  }
}

/** A weight, checkpoint or model file that is damaged, hostile or of another architecture. */
export class WeightsError extends UserError {
  override name = 'WeightsError'
}

/** A data folder, image or class list that cannot be used. */
export class DataError extends UserError {
  override name = 'DataError'
}

/** One image that cannot be used, whatever the others are: missing, damaged, of another format or too large. */
export class ImageError extends DataError {
  override name = 'ImageError'
}

/** A program that does part of the work and is not installed. */
export class MissingToolError extends UserError {
  override name = 'MissingToolError'
}

/** An option, configuration value or combination of them that cannot work. */
export class ConfigError extends UserError {
  override name = 'ConfigError'
}

/** Training that cannot go on: non-finite loss, full disk, unwritable run directory. */
export class TrainingError extends UserError {
  override name = 'TrainingError'
}

/** What computes cannot go on or cannot be had: memory that is too small, a thread that ended, a device that is not there. */
export class ComputeError extends UserError {
  override name = 'ComputeError'
}
