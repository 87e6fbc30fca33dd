import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built command. */
export const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

/**
 * Calls the built command in a folder, with nothing cached.
 *
 * @throws Error with what it says where it fails
 */
export function called(folder: string, ...args: readonly string[]): void {
  const env = { ...process.env, PROMPTSRC_CACHE: 'off' }
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: folder, env })
  if (status !== 0) throw new Error(stderr.toString())
}

/**
 * Writes the pictures of `emoji-food` into `folder/pictures` and trains on them, just long enough that there is
 * a run, `folder/run`.
 *
 * @returns paths of the test pictures, in order
 */
export function emojiRun(folder: string): string[] {
  called(folder, 'toy', 'pictures', '--set', 'emoji-food')
  const least = ['--epochs', '1', '--shots', '1', '--threads', '1']
  called(folder, 'train', 'emoji-food', '--model', 'emoji', '--out', 'run', ...least)
  const test = join(folder, 'pictures/test')
  return readdirSync(test, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.png'))
    .sort()
    .map((name) => join(test, name))
}
