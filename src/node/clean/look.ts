import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { SeenFacts, SeenPicture } from '../../core/curate/examine.js'
import { pictureFacts } from '../../core/curate/picture-facts.js'
import { ahead } from '../../core/data/ahead.js'
import type { Dataset, Datum, ImageFile, Part } from '../../core/data/dataset.js'
import { UserError } from '../../core/errors.js'
import { imageFeatures } from '../../core/evaluate/image-features.js'
import type { RgbImage } from '../../core/image/resize.js'
import type { Model } from '../../core/model.js'
import { unitRows } from '../../core/rows.js'
import { decoderVersions } from '../data/decode.js'
import { packageVersion } from '../runs/environment.js'
import { KeptAnswers, type SeenFile } from '../sort/kept-answers.js'

/** Raised whenever facts become others: those that are kept go by it. */
const FACTS_VERSION = 1

/** Options of {@link lookAt}. */
export interface LookOptions {
  /** What a picture is called in what is said of it. */
  readonly nameOf: (datum: Datum) => string
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** Pictures of a data set, and features of those that can be read. */
export interface Seen {
  readonly pictures: readonly SeenPicture[]
  /** Of unit length, in the order of the pictures: [readable, width]. */
  readonly features: Float32Array
}

/**
 * Looks at every picture of a data set once: decodes it, notes its facts and computes its features. Both are kept in the caches as
 * they come, so that a call after an interrupted one goes on from there, and one after a finished one decodes nothing.
 *
 * @throws the signal's reason when it aborts
 */
export async function lookAt(
  dataset: Dataset,
  model: Model,
  { nameOf, signal, onProgress }: LookOptions,
): Promise<Seen> {
  const parts: readonly Part[] = ['train', 'val', 'test']
  const all = parts.flatMap((part) => dataset[part].map((datum) => ({ part, datum })))
  const basis = {
    facts: FACTS_VERSION,
    version: packageVersion(),
    decoders: await decoderVersions(),
    exif: dataset.exif ?? null,
  }
  const kept = await KeptAnswers.open<KeptFacts>(dataset.name, basis)
  try {
    const watched = all.map(({ datum }) => new Watched(datum, kept))
    const { features, indices } = await imageFeatures(model, watched, {
      skipBadImages: true,
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    })
    const readable = new Set(indices)
    const facts = watched.map((each, i) => (readable.has(i) ? () => each.known() : async () => undefined))
    const pictures: SeenPicture[] = []
    for await (const own of ahead(facts, 4, signal)) {
      const { part, datum } = all[pictures.length]!
      const { problem } = watched[pictures.length]!
      pictures.push({ name: nameOf(datum), part, label: datum.label, facts: own, problem })
    }
    return { pictures, features: unitRows(features, model.clip.config.embedDim) }
  } finally {
    await kept.close()
  }
}

/** A picture whose facts are noted when somebody decodes it. */
class Watched implements Datum {
  private facts: SeenFacts | undefined
  problem: string | undefined

  constructor(
    private readonly datum: Datum,
    private readonly kept: KeptAnswers<KeptFacts>,
  ) {}

  get source(): string {
    return this.datum.source
  }

  get label(): number {
    return this.datum.label
  }

  get file(): ImageFile | undefined {
    const { file } = this.datum
    return (
      file && {
        ...file,
        read: () => this.told(() => file.read()),
        decode: (bytes) => this.told(async () => this.noted(await file.decode(bytes))),
      }
    )
  }

  load(): Promise<RgbImage> {
    return this.told(async () => this.noted(await this.datum.load()))
  }

  /** The facts; where features were kept and nobody has decoded it, from what is kept or from the picture itself. */
  async known(): Promise<SeenFacts> {
    if (this.facts) return this.facts
    const file = await this.status()
    const kept = file && this.kept.get(file)
    if (kept) return { ...kept, thumbnail: new Uint8Array(Buffer.from(kept.thumbnail, 'base64')) }
    await this.load()
    return this.facts!
  }

  private async noted(image: RgbImage): Promise<RgbImage> {
    const content = createHash('sha256').update(`${image.width} `).update(image.data).digest('base64')
    this.facts = { ...pictureFacts(image), content }
    const file = await this.status()
    const thumbnail = Buffer.from(this.facts.thumbnail).toString('base64')
    if (file) await this.kept.put(file, { ...this.facts, thumbnail })
    return image
  }

  private async status(): Promise<SeenFile | undefined> {
    if (!this.datum.file) return undefined
    const status = await stat(this.source).catch(() => undefined)
    return (
      status && {
        path: resolve(this.source),
        bytes: status.size,
        mtimeMs: status.mtimeMs,
        ctimeMs: status.ctimeMs,
      }
    )
  }

  private async told<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      if (error instanceof UserError) this.problem = error.message.replace(`${this.source}: `, '')
      throw error
    }
  }
}

type KeptFacts = Omit<SeenFacts, 'thumbnail'> & { readonly thumbnail: string }
