import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promptsrc } from './command.js'
import { photoFolder } from './photo-folder.js'
import { shared } from './shared-folder.js'

/** Copies a run of four steps of PromptSRC on the `photos` of {@link photoFolder} to `folder/<name>`. */
export async function trainedRun(folder: string, name = 'run'): Promise<void> {
  const trained = await shared('trained', async (made) => {
    await photoFolder(join(made, 'photos'))
    const options = ['--model', 'tiny', '--shots', '2', '--epochs', '2', '--threads', '1', '--out', 'run']
    const { code, stderr } = await promptsrc(made, 'train', 'photos', ...options)
    if (code !== 0) throw new Error(stderr)
    // As runs of version 0.1.0 have it; the folder it was trained in is another one.
    const config = join(made, 'run/config.yaml')
    await writeFile(config, (await readFile(config, 'utf8')).replace(/^( +path: ).*$/m, '$1photos'))
  })
  await cp(join(trained, 'run'), join(folder, name), { recursive: true })
}
