import { WeightsError } from '../errors.js'

/**
 * Parses a JSON file that lies beside weights.
 *
 * @param name what to call the file in messages
 * @throws WeightsError when it is not JSON or has keys that reach prototypes
 */
export function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text, (key, value) => {
      if (key === '__proto__' || key === 'constructor')
        throw new WeightsError(`${name}: has the key "${key}"`)
      return value
    })
  } catch (error) {
    if (error instanceof WeightsError) throw error
    throw new WeightsError(`${name}: not JSON (${(error as Error).message})`, { cause: error })
  }
}
