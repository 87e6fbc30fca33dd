import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError, WeightsError } from '../../core/errors.js'
import {
  createTokenizer,
  type Tokenizer,
  type TokenizerOptions,
  type Vocabulary,
} from '../../core/tokenizer/tokenizer.js'
import {
  readTokenizerJson,
  readVocabularyFiles,
  unpackVocabulary,
} from '../../core/tokenizer/vocabulary-files.js'
import { readRegularText } from '../files/regular-file.js'

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
  if (wholeText !== undefined) return readTokenizerJson({ name: whole, text: wholeText })

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
  return readVocabularyFiles({ name: vocabFile, text: vocabText }, { name: mergesFile, text: mergesText })
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readRegularText(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UserError(`${file}: cannot be read (${(cause as Error).message})`, {
      cause,
      hint: 'Check the file and its permissions.',
    })
  }
}
