import { join } from 'node:path'
import sharp from 'sharp'
import { examplePictures } from '../../core/studio/example.js'
import { writeFileAtomic } from '../../node/files/atomic.js'
import { emojiArt } from '../../node/world/emoji-art.js'
import type { ProjectFolder } from './project-folder.js'

/** Writes the pictures of the example into the project; those that are there stay. */
export async function addExample(project: ProjectFolder): Promise<void> {
  await project.inTurn(async () => {
    const there = new Map((await project.read()).classes.map(({ name, pictures }) => [name, pictures]))
    for (const { className, name, load } of examplePictures(emojiArt)) {
      if (there.get(className)?.includes(name)) continue
      const { width, height, data } = await load()
      const png = await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer()
      await writeFileAtomic(join(project.photos, className, name), png)
    }
  })
}
