import { limiter } from '../core/data/ahead.js'
import type { ClassLogits } from '../core/evaluate/open-classifier.js'
import { Refusal } from './refusal.js'

interface Entry {
  readonly classes: Promise<ClassLogits>
  uses: number
}

/**
 * Lists of classes that requests ask about, ready for use. The texts of a list are encoded when it is first asked for; then it is
 * kept as long as there is place, the one longest not asked for giving way.
 */
export class ClassLists {
  /** In the order of their last use. */
  private readonly entries = new Map<string, Entry>()
  private readonly oneAtATime = limiter(1)

  /**
   * @param make encodes a list
   * @param places lists that are kept
   */
  constructor(
    private readonly make: (classNames: readonly string[]) => Promise<ClassLogits>,
    private readonly places: number,
  ) {}

  get size(): number {
    return this.entries.size
  }

  /**
   * Works with a list, which is not freed meanwhile.
   *
   * @throws Refusal where all places are in use; what encoding throws
   */
  async use<T>(classNames: readonly string[], work: (classes: ClassLogits) => Promise<T>): Promise<T> {
    const key = JSON.stringify(classNames)
    const entry = this.entries.get(key) ?? this.begin(key, classNames)
    this.entries.delete(key)
    this.entries.set(key, entry)
    entry.uses++
    try {
      return await work(await entry.classes)
    } finally {
      entry.uses--
    }
  }

  /** Frees all; none may be in use. */
  async release(): Promise<void> {
    const entries = [...this.entries.values()]
    this.entries.clear()
    for (const { classes } of entries) await classes.then((made) => made.release())
  }

  private begin(key: string, classNames: readonly string[]): Entry {
    if (this.entries.size >= this.places) this.makePlace()
    const classes = this.oneAtATime(() => this.make(classNames))
    const entry = { classes, uses: 0 }
    classes.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key)
    })
    return entry
  }

  private makePlace(): void {
    for (const [key, { classes, uses }] of this.entries) {
      if (uses > 0) continue
      this.entries.delete(key)
      classes.then((made) => made.release()).catch(() => {})
      return
    }
    throw new Refusal(503, `all ${this.places} places for lists of classes are in use`)
  }
}
