import { describe, expect, it } from 'vitest'
import { specSchema } from './unit.js'

const data = { name: 'toy', path: 'toy', fingerprint: 'f' }
const spec = (name: string) => ({
  format: 2,
  label: 'coop',
  method: 'coop',
  model: { name: 'tiny', sha256: 'a' },
  data,
  skipBadImages: false,
  settings: { seed: 1, shots: 1 },
  measures: [{ name, data, classes: 'base' }],
})

describe('a measure', () => {
  it.each(['base', 'ImageNetV2', 'my photos, 2', '..', '-x'])('may be called %s', (name) => {
    expect(specSchema.safeParse(spec(name)).success).toBe(true)
  })

  it.each(['../../outside/pwned', '/etc/x', 'a\\b', '', 'a\0'])(
    'may not be called %j, which would lead out of its unit or name no file',
    (name) => expect(specSchema.safeParse(spec(name)).success).toBe(false),
  )
})
