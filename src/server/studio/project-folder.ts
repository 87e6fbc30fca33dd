import { randomBytes } from 'node:crypto'
import { mkdir, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { tidyClassName } from '../../core/clip/templates.js'
import { limiter } from '../../core/data/ahead.js'
import { DataError } from '../../core/errors.js'
import { checkedClassName, freeName } from '../../core/studio/names.js'
import type { PictureRef, StudioClass } from '../../core/studio/place.js'
import { folderReader } from '../../node/data/listing.js'
import { syncFolder, writeError } from '../../node/files/atomic.js'
import { makeFolder } from '../../node/files/make-folder.js'
import { isInside } from '../../node/files/paths.js'
import { isLeftover, isPicture } from '../../node/files/picture-names.js'
import { Refusal } from '../refusal.js'

/** What was put aside, and where it belongs. */
interface Removal {
  readonly kept: string
  /** Folder of the class, and the name of the picture, or undefined for the whole class. */
  readonly classId: string
  readonly name: string | undefined
}

/**
 * The pictures of a project: `photos/<class>/*` below its folder, as `promptsrc train` reads them. What is removed is moved to
 * `removed/`, never deleted.
 */
export class ProjectFolder {
  /** One change at a time: two pictures of a name must not take the same place. */
  readonly inTurn = limiter(1)
  private readonly removals: Removal[] = []

  private constructor(
    /** Real path. */
    readonly root: string,
    readonly name: string,
  ) {}

  /**
   * Opens the folder of a project, making it where it is new.
   *
   * @throws UserError where it cannot be written, or is a folder of class folders itself
   */
  static async open(path: string): Promise<ProjectFolder> {
    try {
      await makeFolder(path)
      const root = await realpath(path)
      const names = await readdir(root)
      if (!names.includes('photos')) await refuseClassFolders(path, root, names)
      for (const each of ['photos', 'runs', '.studio']) {
        await makeFolder(join(root, each))
        const real = await realpath(join(root, each))
        if (!isInside(real, root)) throw outside(join(path, each))
      }
      const project = new ProjectFolder(root, basename(root))
      await rm(project.incoming, { recursive: true, force: true })
      await mkdir(project.incoming)
      return project
    } catch (cause) {
      throw writeError(path, cause)
    }
  }

  get photos(): string {
    return join(this.root, 'photos')
  }

  get runs(): string {
    return join(this.root, 'runs')
  }

  /** Where pictures are written before they are known to be pictures. */
  get incoming(): string {
    return join(this.root, '.studio', 'incoming')
  }

  /** Removals that can be undone. */
  get removed(): number {
    return this.removals.length
  }

  /** Classes with their pictures, and what is in the folder that cannot be used. */
  async read(): Promise<{ classes: StudioClass[]; problems: string[] }> {
    const problems: string[] = []
    const classes: StudioClass[] = []
    const read = await folderReader(this.photos)
    const { folders, images } = await read(this.photos)
    if (images.length > 0)
      problems.push(`${images.length} pictures in photos lie outside of its class folders.`)
    for (const id of folders) {
      const { images: pictures, folders: inner } = await read(join(this.photos, id))
      if (inner.length > 0) {
        problems.push(`photos/${id} holds folders; the studio reads the pictures beside them.`)
      }
      classes.push({ id, name: tidyClassName(id), pictures })
    }
    return { classes, problems }
  }

  async addClass(given: string): Promise<string> {
    return this.inTurn(async () => {
      const { classes } = await this.read()
      const name = checkedClassName(
        given,
        classes.map(({ id }) => id),
      )
      await mkdir(join(this.photos, name)).catch((cause) => {
        throw writeError(join(this.photos, name), cause)
      })
      return name
    })
  }

  async renameClass(classId: string, given: string): Promise<void> {
    await this.inTurn(async () => {
      const folder = await this.classFolder(classId)
      const { classes } = await this.read()
      const others = classes.map(({ id }) => id).filter((id) => id !== classId)
      const name = checkedClassName(given, others)
      await this.move(folder, join(this.photos, name))
    })
  }

  async removeClass(classId: string): Promise<void> {
    await this.inTurn(async () => {
      const folder = await this.classFolder(classId)
      // An empty folder is nothing to keep.
      if (
        await rmdir(folder).then(
          () => true,
          () => false,
        )
      )
        return
      await this.putAside(folder, { classId, name: undefined })
    })
  }

  async removePicture({ classId, name }: PictureRef): Promise<void> {
    await this.inTurn(async () => {
      await this.putAside(await this.picturePath({ classId, name }), { classId, name })
    })
  }

  /** Brings back what was put aside last. */
  async undoRemoval(): Promise<void> {
    await this.inTurn(async () => {
      const last = this.removals.at(-1)
      if (!last) throw new Refusal(422, 'Nothing was removed that could be brought back.')
      const { kept, classId, name } = last
      if (name === undefined) {
        const taken = new Set(await readdir(this.photos))
        await this.move(
          kept,
          join(
            this.photos,
            freeName(classId, (other) => taken.has(other)),
          ),
        )
      } else {
        const folder = join(this.photos, classId)
        await makeFolder(folder)
        await this.move(kept, join(folder, await this.freeIn(folder, name)))
      }
      this.removals.pop()
    })
  }

  /** Moves a picture to another class; gives where it lies then. */
  async movePicture(picture: PictureRef, to: string): Promise<PictureRef> {
    return this.inTurn(async () => {
      const path = await this.picturePath(picture)
      if (to === picture.classId) return picture
      const folder = await this.classFolder(to)
      const name = await this.freeIn(folder, picture.name)
      await this.move(path, join(folder, name))
      return { classId: to, name }
    })
  }

  /**
   * The path of a class's folder.
   *
   * @throws Refusal for one that is not there, or leads out of the project
   */
  async classFolder(classId: string): Promise<string> {
    const path = join(this.photos, plainName(classId))
    return this.inside(path, `There is no class “${classId}” any more.`)
  }

  /** The path of a picture; throws as {@link classFolder} does. */
  async picturePath({ classId, name }: PictureRef): Promise<string> {
    const folder = await this.classFolder(classId)
    if (!isPicture(plainName(name))) throw new Refusal(404, `${name} is no picture.`)
    return this.inside(join(folder, name), `${name} is not in “${classId}” any more.`)
  }

  /** The path of a run that is there; throws as {@link classFolder} does. */
  async runFolder(run: string): Promise<string> {
    return this.inside(join(this.runs, plainName(run)), `There is no run “${run}”.`)
  }

  /** A name that no file of a folder has, whatever the case of its letters. */
  async freeIn(folder: string, name: string): Promise<string> {
    const taken = new Set((await readdir(folder)).map((other) => other.toLowerCase()))
    return freeName(name, (other) => taken.has(other.toLowerCase()))
  }

  private async inside(path: string, missing: string): Promise<string> {
    const real = await realpath(path).catch(() => undefined)
    if (real === undefined) throw new Refusal(404, missing)
    if (!isInside(real, this.root))
      throw new Refusal(403, `${basename(path)} is a link that leads out of the project.`)
    return path
  }

  private async putAside(path: string, { classId, name }: Omit<Removal, 'kept'>): Promise<void> {
    const folder = join(this.root, 'removed', ...(name === undefined ? [] : [classId]))
    const real = await makeFolder(folder).then(() => realpath(folder))
    if (!isInside(real, this.root)) throw outside(folder)
    const kept = join(folder, await this.freeIn(folder, name ?? classId))
    await this.move(path, kept)
    this.removals.push({ kept, classId, name })
  }

  /** @throws UserError where it cannot be moved */
  private async move(from: string, to: string): Promise<void> {
    if (from === to) return
    // A file system may tell names by their case, or not: what is renamed to another case is no obstacle to itself.
    const there = await stat(to).catch(() => undefined)
    const same = there && (await stat(from)).ino === there.ino
    if (there && !same) throw new Refusal(422, `There is something called ${basename(to)} already.`)
    await rename(from, to).catch((cause) => {
      throw writeError(to, cause)
    })
    await syncFolder(join(to, '..'))
  }
}

/** A name of one file or folder, none of a path. */
function plainName(name: string): string {
  if (name === '' || /[/\\\0]/.test(name) || isLeftover(name)) {
    throw new Refusal(403, `${JSON.stringify(name.slice(0, 100))} is no name of a file in the project`)
  }
  return name
}

const outside = (path: string): DataError =>
  new DataError(`${path}: a symbolic link that leads out of the project`, {
    hint: 'Put a folder in its place, or name another folder for the project.',
  })

/** Photos in folders of their own are most likely meant to be the project's, not to lie beside it. */
async function refuseClassFolders(path: string, root: string, names: readonly string[]): Promise<void> {
  for (const name of names.filter((each) => !isLeftover(each))) {
    const inner = await readdir(join(root, name)).catch(() => [])
    if (!inner.some(isPicture)) continue
    throw new DataError(
      `${path} holds folders of pictures, such as ${name}; expected a folder for a project`,
      {
        hint: `Move them into ${join(path, 'photos')}, or name a new folder and drop these folders onto the page.`,
      },
    )
  }
}

/** A name for a file that is on its way. */
export const incomingName = (): string => randomBytes(12).toString('hex')
