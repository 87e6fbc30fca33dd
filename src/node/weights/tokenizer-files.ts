import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { UserError, WeightsError } from '../../core/errors.js'
import { mergeLines, unpackVocabulary } from '../../core/tokenizer/merges.js'
import {
  createTokenizer,
  type Tokenizer,
  type TokenizerOptions,
  type Vocabulary,
} from '../../core/tokenizer/tokenizer.js'
import { baseTokens, endOfText, endOfWord, startOfText } from '../../core/tokenizer/tokenizer-bytes.js'

let published: Promise<Vocabulary> | undefined

/**
 * The tokenizer of a model folder, from its `tokenizer.json` or else its `vocab.json` and `merges.txt`. Without a
 * folder, or for one that has neither, the vocabulary of OpenAI's models, which Hugging Face and open_clip share.
 *
 * @throws UserError when the folder cannot be read
 * @throws WeightsError when its files are damaged or of another kind of tokenizer
 */
export async function loadTokenizer(folder?: string, options: TokenizerOptions = {}): Promise<Tokenizer> {
  const own = folder === undefined ? undefined : await readVocabulary(folder)
  if (own) return createTokenizer(own, options)
  published ??= publishedVocabulary()
  return createTokenizer(await published, options)
}

/** The files `vocab.json` and `merges.txt` of a vocabulary in Hugging Face's format, as {@link loadTokenizer} reads them. */
export function vocabularyFiles({ vocab, merges }: Vocabulary): Record<'vocab.json' | 'merges.txt', string> {
  return {
    'vocab.json': `${JSON.stringify(Object.fromEntries(vocab))}\n`,
    'merges.txt': `${['#version: 0.2', ...merges].join('\n')}\n`,
  }
}

/** Vocabulary of OpenAI's models, which lies beside the code (assets/clip). */
async function publishedVocabulary(): Promise<Vocabulary> {
  return unpackVocabulary(await readFile(new URL('../../../assets/clip/merges.txt.gz', import.meta.url)))
}

async function readVocabulary(folder: string): Promise<Vocabulary | undefined> {
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) {
    throw new UserError(`${folder}: ${found ? 'not a folder' : 'no such folder'}; expected a model folder`, {
      hint: 'Name the folder that holds the model, or leave it out for the vocabulary of OpenAI models.',
    })
  }
  const whole = join(folder, 'tokenizer.json')
  const wholeText = await readIfPresent(whole)
  if (wholeText !== undefined) return checked(whole, fromTokenizerJson(whole, wholeText))

  const vocabFile = join(folder, 'vocab.json')
  const mergesFile = join(folder, 'merges.txt')
  const [vocabText, mergesText] = await Promise.all([readIfPresent(vocabFile), readIfPresent(mergesFile)])
  if (vocabText === undefined && mergesText === undefined) return undefined
  if (vocabText === undefined || mergesText === undefined) {
    const [there, missing] = vocabText === undefined ? [mergesFile, vocabFile] : [vocabFile, mergesFile]
    throw new WeightsError(`${there} is there but ${missing} is not; a tokenizer needs both`, {
      hint: 'Download the missing file from the model’s repository.',
    })
  }
  const vocab = validated(vocabFile, vocabSchema, parseJson(vocabFile, vocabText))
  return checked(mergesFile, { vocab: new Map(Object.entries(vocab)), merges: mergeLines(mergesText) })
}

const vocabSchema = z.record(
  z.string(),
  z
    .number()
    .int()
    .nonnegative()
    .max(2 ** 24),
)
const mergeSchema = z.union([
  z.string(),
  z.tuple([z.string(), z.string()]).transform(([left, right]) => `${left} ${right}`),
])
const tokenizerSchema = z.object({
  model: z.object({
    type: z.literal('BPE'),
    end_of_word_suffix: z.literal(endOfWord),
    vocab: vocabSchema,
    merges: z.array(mergeSchema),
  }),
  added_tokens: z
    .array(z.object({ id: z.number().int().nonnegative(), content: z.string() }))
    .optional()
    .default([]),
})

function fromTokenizerJson(file: string, text: string): Vocabulary {
  const { model, added_tokens } = validated(file, tokenizerSchema, parseJson(file, text))
  const vocab = new Map(Object.entries(model.vocab))
  for (const { content, id } of added_tokens) {
    if (content === startOfText || content === endOfText) vocab.set(content, id)
  }
  return { vocab, merges: model.merges }
}

/** Every token that merging can end in has to have an id, or some text could not be encoded. */
function checked(file: string, { vocab, merges }: Vocabulary): Vocabulary {
  const ids = new Set(vocab.values())
  if (ids.size !== vocab.size) {
    throw damaged(file, `two of its ${vocab.size} tokens have the same id`)
  }
  for (const token of [...baseTokens(), startOfText, endOfText]) {
    if (!vocab.has(token)) throw damaged(file, `its vocabulary lacks the token "${token}"`)
  }
  merges.forEach((merge, rank) => {
    const parts = merge.split(' ')
    if (parts.length !== 2 || !vocab.has(parts.join(''))) {
      throw damaged(
        file,
        `merge ${rank + 1}, "${merge.slice(0, 60)}", does not make a token of the vocabulary`,
      )
    }
  })
  return { vocab, merges }
}

function validated<T>(file: string, schema: z.ZodType<T>, data: unknown): T {
  const result = schema.safeParse(data)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw damaged(file, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged(file, `not JSON (${(cause as Error).message})`)
  }
}

function damaged(file: string, found: string): WeightsError {
  return new WeightsError(`${file}: ${found}; expected a byte-level BPE tokenizer as CLIP models have`, {
    hint: 'Download the file again, or remove it to use the vocabulary of OpenAI models.',
  })
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UserError(`${file}: cannot be read (${(cause as Error).message})`, {
      cause,
      hint: 'Check the file and its permissions.',
    })
  }
}
