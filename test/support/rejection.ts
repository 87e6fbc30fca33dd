import { expect } from 'vitest'
import { WeightsError } from '../../src/core/errors.js'

/** The message of the WeightsError with which an attempt must end. */
export async function rejection(attempt: () => Promise<unknown>): Promise<string> {
  const error = await attempt().catch((e: unknown) => e)
  expect(error).toBeInstanceOf(WeightsError)
  return (error as WeightsError).message
}
