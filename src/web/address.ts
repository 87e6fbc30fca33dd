import { WeightsError } from '../core/errors.js'

/** Whether it is an address, not a file. */
export const isLocation = (value: unknown): value is string | URL =>
  typeof value === 'string' || value instanceof URL

/** An address as the page resolves it. Throws WeightsError where it is none. */
export function absolute(location: string | URL): URL {
  const base = (globalThis as Partial<typeof globalThis>).location?.href
  try {
    return new URL(location, base)
  } catch (cause) {
    throw new WeightsError(`${location}: is no address`, {
      cause,
      hint: 'Give an address such as https://example.org/models/tiny/.',
    })
  }
}

/** The folder of a model, and the weight file in it where its address says which. */
export function placesOf(location: URL): { readonly folder: URL; readonly weights?: URL } {
  if (location.pathname.endsWith('.safetensors')) return { folder: new URL('.', location), weights: location }
  const folder = new URL(location)
  if (!folder.pathname.endsWith('/')) folder.pathname += '/'
  return { folder }
}
