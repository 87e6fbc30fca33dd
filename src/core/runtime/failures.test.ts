import { expect, it } from 'vitest'
import * as errors from '../errors.js'
import { GraphError } from '../graph/index.js'
import { receivedError, sentError } from './failures.js'

it.each(Object.entries({ ...errors, GraphError, RangeError, TypeError, Error }))(
  'a %s stays one, with message, hint and stack, when it is sent to another thread',
  (_, Kind) => {
    const error = new Kind('a message', { hint: 'a hint' } as object)
    const received = receivedError(structuredClone(sentError(error)))
    expect(received.constructor).toBe(Kind)
    expect(received).toMatchObject({ message: 'a message', stack: error.stack })
    expect((received as errors.UserError).hint).toBe(error instanceof errors.UserError ? 'a hint' : undefined)
  },
)

it('takes what is no error for one', () => {
  expect(receivedError(sentError('plain text'))).toMatchObject({ name: 'Error', message: 'plain text' })
})
