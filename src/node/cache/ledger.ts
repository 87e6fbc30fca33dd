import { open, stat, truncate } from 'node:fs/promises'

/**
 * How many blocks a cache holds, known to all processes that share it without a lock: the length of a file. Appending is
 * atomic, so that additions of several processes are never lost.
 */
export class Ledger {
  constructor(private readonly path: string) {}

  /** Adds blocks; returns the sum. It may be too large, since nothing is taken off when files vanish. */
  async add(blocks: number): Promise<number> {
    const file = await open(this.path, 'a')
    try {
      await file.write(new Uint8Array(blocks))
      return (await file.stat()).size
    } finally {
      await file.close()
    }
  }

  /** The sum; 0 where nothing was ever added. */
  async sum(): Promise<number> {
    return (await stat(this.path).catch(() => undefined))?.size ?? 0
  }

  /** Sets the sum after files were counted. An addition at this very moment may be lost. */
  async set(blocks: number): Promise<void> {
    await truncate(this.path, blocks)
  }
}
