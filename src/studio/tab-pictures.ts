import { tidyClassName } from '../core/clip/templates.js'
import { limiter } from '../core/data/ahead.js'
import type { Dataset, Datum } from '../core/data/dataset.js'
import { usedParts } from '../core/data/hold-out.js'
import { DataError, UserError } from '../core/errors.js'
import { sha256 } from '../core/hash.js'
import { checkedClassName, freeName, safeFileName } from '../core/studio/names.js'
import type { AddedPicture, PictureRef, StudioClass } from '../core/studio/place.js'
import { decodeImage } from '../web/image.js'
import { type FileStore, readText } from '../web/kept/file-store.js'
import { imageOf } from '../web/photos.js'

/** Names of the classes, so that those without pictures stay. */
const CLASSES = 'classes.json'
const PHOTOS = 'photos'

interface Removal {
  readonly classId: string
  /** Places of the pictures that were put aside. */
  readonly pictures: readonly { readonly kept: string; readonly name: string }[]
}

/** The pictures of a project that a tab keeps, as `promptsrc studio` keeps them in a folder: `photos/<class>/*`. */
export class TabPictures {
  private readonly inTurn = limiter(1)
  private readonly removals: Removal[] = []

  constructor(
    private readonly store: FileStore,
    private readonly limits: { readonly pictureBytes: number; readonly classPictures: number },
  ) {}

  get removed(): number {
    return this.removals.length
  }

  async classes(): Promise<StudioClass[]> {
    const found = new Map<string, string[]>((await this.named()).map((id) => [id, []]))
    for (const path of await this.store.list()) {
      const [top, id, name, ...deeper] = path.split('/')
      if (top !== PHOTOS || id === undefined || name === undefined || deeper.length > 0) continue
      found.set(id, [...(found.get(id) ?? []), name])
    }
    return [...found]
      .sort(([a], [b]) => compare(a, b))
      .map(([id, pictures]) => ({ id, name: tidyClassName(id), pictures: pictures.sort(compare) }))
  }

  read = async (picture: PictureRef): Promise<Blob> => {
    const blob = await this.store.read(pathOf(picture))
    if (blob) return blob
    throw new DataError(`${picture.name} is not in “${tidyClassName(picture.classId)}” any more.`)
  }

  addClass(given: string): Promise<string> {
    return this.inTurn(async () => {
      const ids = (await this.classes()).map(({ id }) => id)
      const name = checkedClassName(given, ids)
      await this.name([...ids, name])
      return name
    })
  }

  renameClass(classId: string, given: string): Promise<void> {
    return this.inTurn(async () => {
      const classes = await this.classes()
      const others = classes.map(({ id }) => id).filter((id) => id !== classId)
      const name = checkedClassName(given, others)
      if (name === classId) return
      await this.name([...others, classId, name])
      for (const picture of classes.find(({ id }) => id === classId)?.pictures ?? []) {
        await this.shift(pathOf({ classId, name: picture }), pathOf({ classId: name, name: picture }))
      }
      await this.name([...others, name])
    })
  }

  removeClass(classId: string): Promise<void> {
    return this.inTurn(async () => {
      const classes = await this.classes()
      const pictures = classes.find(({ id }) => id === classId)?.pictures ?? []
      await this.putAside(classId, pictures)
      await this.name(classes.map(({ id }) => id).filter((id) => id !== classId))
    })
  }

  removePicture({ classId, name }: PictureRef): Promise<void> {
    return this.inTurn(() => this.putAside(classId, [name]))
  }

  undoRemoval(): Promise<void> {
    return this.inTurn(async () => {
      const last = this.removals.at(-1)
      if (!last) throw new UserError('Nothing was removed that could be brought back.')
      const classes = await this.classes()
      if (!classes.some(({ id }) => id === last.classId)) {
        await this.name([...classes.map(({ id }) => id), last.classId])
      }
      for (const { kept, name } of last.pictures) {
        await this.shift(kept, pathOf({ classId: last.classId, name: await this.freeIn(last.classId, name) }))
      }
      this.removals.pop()
    })
  }

  movePicture(picture: PictureRef, to: string): Promise<PictureRef> {
    return this.inTurn(async () => {
      if (to === picture.classId) return picture
      const now = { classId: to, name: await this.freeIn(to, picture.name) }
      await this.shift(pathOf(picture), pathOf(now))
      return now
    })
  }

  /** Takes a picture that can be read, and is not there yet. */
  async add(classId: string, picture: Blob, given: string): Promise<AddedPicture> {
    const name = safeFileName(given)
    if (picture.size === 0) throw new DataError(`${name} is empty`)
    if (picture.size > this.limits.pictureBytes) {
      throw new DataError(`${name} is larger than ${Math.round(this.limits.pictureBytes / 1e6)} MB`)
    }
    await decodeImage(picture, { name })
    return this.inTurn(async () => {
      const known = await this.sameFile(picture)
      if (known) return { outcome: 'known', where: known }
      const there = (await this.classes()).find(({ id }) => id === classId)
      if (!there) throw new DataError(`There is no class “${classId}” any more.`)
      if (there.pictures.length >= this.limits.classPictures) {
        throw new DataError(
          `“${there.name}” has ${there.pictures.length} pictures, which is as many as a class may have`,
        )
      }
      const free = await this.freeIn(classId, name)
      await this.store.write(pathOf({ classId, name: free }), picture)
      return { outcome: 'added', name: free }
    })
  }

  /** The pictures as a data set, with the parts that the command line takes of the same folder. */
  async dataset(): Promise<Dataset & { readonly folders: readonly string[] }> {
    const classes = await this.classes()
    const train = classes.flatMap(({ id, pictures }, label) =>
      pictures.map((name): Datum => {
        const source = `${id}/${name}`
        const load = async () => imageOf(await this.read({ classId: id, name }), { name: source }).load()
        return { source, label, load }
      }),
    )
    const { parts } = usedParts({ train, val: [], test: [] }, PHOTOS, 0.3, ({ source }) => source.split('/'))
    return {
      name: PHOTOS,
      classNames: classes.map(({ name }) => name),
      folders: classes.map(({ id }) => id),
      exif: 'apply',
      ...parts,
    }
  }

  private async named(): Promise<string[]> {
    return JSON.parse((await readText(this.store, CLASSES)) ?? '[]') as string[]
  }

  private async name(ids: readonly string[]): Promise<void> {
    await this.store.write(CLASSES, JSON.stringify(ids))
  }

  private async freeIn(classId: string, name: string): Promise<string> {
    const own = (await this.classes()).find(({ id }) => id === classId)?.pictures ?? []
    const taken = new Set(own.map((other) => other.toLowerCase()))
    return freeName(name, (other) => taken.has(other.toLowerCase()))
  }

  private async putAside(classId: string, names: readonly string[]): Promise<void> {
    const all = new Set(await this.store.list())
    const pictures = names.map((name) => {
      const kept = freeName(`removed/${classId}/${name}`, (path) => all.has(path))
      all.add(kept)
      return { kept, name }
    })
    for (const { kept, name } of pictures) await this.shift(pathOf({ classId, name }), kept)
    this.removals.push({ classId, pictures })
  }

  /** The new place first: a page that is closed in between leaves the picture twice, never lost. */
  private async shift(from: string, to: string): Promise<void> {
    const content = await this.store.read(from)
    if (!content) throw new DataError(`${from.split('/').at(-1)} is not there any more.`)
    await this.store.write(to, content)
    await this.store.remove(from)
  }

  private async sameFile(picture: Blob): Promise<PictureRef | undefined> {
    let own: string | undefined
    for (const { id: classId, pictures } of await this.classes()) {
      for (const name of pictures) {
        const other = await this.store.read(pathOf({ classId, name }))
        if (other?.size !== picture.size) continue
        own ??= await hashOf(picture)
        if ((await hashOf(other)) === own) return { classId, name }
      }
    }
    return undefined
  }
}

const pathOf = ({ classId, name }: PictureRef): string => `${PHOTOS}/${classId}/${name}`
const hashOf = async (blob: Blob): Promise<string> => sha256([new Uint8Array(await blob.arrayBuffer())])

/** By code points, as the command line orders classes and pictures. */
function compare(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
