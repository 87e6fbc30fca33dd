import * as z from 'zod'
import { WeightsError } from '../errors.js'
import type { Vocabulary } from './tokenizer.js'
import { baseTokens, endOfText, endOfWord, startOfText, vocabularyOf } from './tokenizer-bytes.js'

/** A file's text, and what to call the file in messages. */
export interface NamedText {
  readonly name: string
  readonly text: string
}

/**
 * The vocabulary of a Hugging Face `tokenizer.json`.
 *
 * @throws WeightsError when it is damaged or of another kind of tokenizer
 */
export function readTokenizerJson(file: NamedText): Vocabulary {
  const { model, added_tokens } = validated(file.name, tokenizerSchema, parseJson(file))
  const vocab = new Map(Object.entries(model.vocab))
  for (const { content, id } of added_tokens) {
    if (content === startOfText || content === endOfText) vocab.set(content, id)
  }
  return checked(file.name, { vocab, merges: model.merges })
}

/**
 * The vocabulary of a `vocab.json` and its `merges.txt`.
 *
 * @throws WeightsError when they are damaged, do not go together, or are of another kind of tokenizer
 */
export function readVocabularyFiles(vocabFile: NamedText, mergesFile: NamedText): Vocabulary {
  const vocab = new Map(Object.entries(validated(vocabFile.name, vocabSchema, parseJson(vocabFile))))
  return checked(mergesFile.name, { vocab, merges: mergeLines(mergesFile.text) })
}

/**
 * A vocabulary from its merges alone, as OpenAI numbers tokens.
 *
 * @param file a `merges.txt`, compressed by gzip, such as `assets/clip/merges.txt.gz` of this package: OpenAI's own
 */
export async function unpackVocabulary(file: Uint8Array<ArrayBuffer>): Promise<Vocabulary> {
  const unpacked = new Blob([file]).stream().pipeThrough(new DecompressionStream('gzip'))
  const merges = mergeLines(await new Response(unpacked).text())
  return { merges, vocab: vocabularyOf(merges) }
}

/** The files `vocab.json` and `merges.txt` of a vocabulary in Hugging Face's format. */
export function vocabularyFiles({ vocab, merges }: Vocabulary): Record<'vocab.json' | 'merges.txt', string> {
  return {
    'vocab.json': `${JSON.stringify(Object.fromEntries(vocab))}\n`,
    'merges.txt': `${['#version: 0.2', ...merges].join('\n')}\n`,
  }
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

/** The merges of a `merges.txt`, in order of rank: its lines without the heading. */
function mergeLines(text: string): string[] {
  const lines = text.split(/\r?\n/)
  return (lines[0]?.startsWith('#version') ? lines.slice(1) : lines).filter((line) => line !== '')
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

function parseJson({ name, text }: NamedText): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged(name, `not JSON (${(cause as Error).message})`)
  }
}

function damaged(file: string, found: string): WeightsError {
  return new WeightsError(`${file}: ${found}; expected a byte-level BPE tokenizer as CLIP models have`, {
    hint: 'Download the file again, or remove it to use the vocabulary of OpenAI models.',
  })
}
