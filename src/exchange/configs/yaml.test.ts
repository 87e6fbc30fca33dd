import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../../core/errors.js'
import { parseYaml, readYaml } from './yaml.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-yaml-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const levels = (n: number) => Array.from({ length: n }, (_, i) => i)
const aliases = levels(9)
  .map((i) => `a${i}: &a${i} [${Array(9).fill(i === 0 ? 'x' : `*a${i - 1}`)}]`)
  .join('\n')

describe('a YAML file', () => {
  it('is read into dotted keys, with Python literals in its strings', () => {
    const text = `
# a comment
DATALOADER:
  TRAIN_X:
    BATCH_SIZE: 4
INPUT:
  SIZE: (224, 224)
  PIXEL_MEAN: [0.48145466, 0.4578275, 0.40821073]
  TRANSFORMS: ["random_resized_crop", "random_flip", "normalize"]
OPTIM:
  NAME: "sgd"
  WARMUP_CONS_LR: 1e-5
TRAINER:
  COOP: {CSC: True, CTX_INIT: ""}
  MAPLE: {}
`
    expect(Object.fromEntries(parseYaml(text, 'x.yaml'))).toEqual({
      'DATALOADER.TRAIN_X.BATCH_SIZE': 4,
      'INPUT.SIZE': [224, 224],
      'INPUT.PIXEL_MEAN': [0.48145466, 0.4578275, 0.40821073],
      'INPUT.TRANSFORMS': ['random_resized_crop', 'random_flip', 'normalize'],
      'OPTIM.NAME': 'sgd',
      'OPTIM.WARMUP_CONS_LR': 1e-5,
      'TRAINER.COOP.CSC': true,
      'TRAINER.COOP.CTX_INIT': '',
    })
  })

  it.each([
    ['no YAML', 'OPTIM: [1', /not a plain YAML file/],
    ['nothing', '', /not a mapping/],
    ['a list', '- OPTIM', /not a mapping/],
    ['a word', 'OPTIM', /not a mapping/],
    ['two documents', 'A: 1\n---\nB: 2', /not a plain YAML file/],
    ['a key twice', 'OPTIM: {LR: 1, LR: 2}', /unique/],
    ['a section twice', 'OPTIM:\n  LR: 1\nOPTIM:\n  GAMMA: 1', /unique/],
    ['a tag of Python', 'OPTIM: !!python/object/apply:os.system ["ls"]', /tag/i],
    ['a tag', 'OPTIM:\n  LR: !!str 1', /x\.yaml:2: has the tag tag:yaml.org,2002:str/],
    ['an anchor', 'OPTIM: &a {LR: 1}', /x\.yaml:1: has an anchor or alias/],
    ['aliases that multiply', aliases, /anchor or alias/],
    ['endless depth', '['.repeat(50_000), /x\.yaml/],
    ['endless sections', levels(5_000).reduce((text) => `{A: ${text}}`, '1'), /nested too deep/],
    ['a key that is a list', '? [1, 2]\n: 3', /has the key/],
    ['a key that is a number', '3: 4', /has the key 3/],
    ['a key with a dot', 'OPTIM.LR: 1', /has the key "OPTIM.LR"/],
    ['mappings in a list', 'INPUT: {SIZE: [{A: 1}]}', /INPUT.SIZE has a mapping/],
  ])('is refused with %s', (_, text, message) => {
    expect(() => parseYaml(text, 'x.yaml')).toThrow(ConfigError)
    expect(() => parseYaml(text, 'x.yaml')).toThrow(message)
  })

  it('is read or refused, whatever it holds', () => {
    const piece = fc.constantFrom(
      ...[
        'OPTIM',
        'LR',
        ':',
        ': ',
        '\n',
        '\n  ',
        '- ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '&a ',
        '*a',
        '!!str ',
        '"',
        "'",
        '|',
        '?',
        '#',
        '%',
        '---',
        '\t',
        '\0',
        '1e-5',
        '(1,',
        ')',
        'é',
      ],
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 30 }), (pieces) => {
        try {
          expect(parseYaml(pieces.join(''), 'x.yaml')).toBeInstanceOf(Map)
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
        }
      }),
      { numRuns: 2000, seed: 1 },
    )
  })

  it('takes the names of prototypes as keys like others', () => {
    const values = parseYaml('__proto__: {polluted: 1}\nconstructor: 2', 'x.yaml')
    expect([...values.keys()]).toEqual(['__proto__.polluted', 'constructor'])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('is refused where it is missing, a folder or huge', async () => {
    await expect(readYaml(join(folder, 'none.yaml'))).rejects.toThrow(/none.yaml: cannot be read/)
    await expect(readYaml(folder)).rejects.toThrow(/is not a file/)
    const huge = join(folder, 'huge.yaml')
    writeFileSync(huge, `A: 1\n${'#'.repeat(2 ** 16)}`)
    await expect(readYaml(huge)).rejects.toThrow(/has 65541 bytes, expected .* at most 65536/)
  })
})
