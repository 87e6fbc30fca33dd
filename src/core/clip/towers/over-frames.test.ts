import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { learnedRun } from '../../../../test/support/learned-run.js'
import { loadModel } from '../../../node/model.js'
import { createClassifier } from '../../evaluate/create-classifier.js'
import { frozenImageTower } from '../../evaluate/frozen-image-tower.js'
import type { Model } from '../../model.js'
import { randomStream } from '../../random.js'

const FRAMES = 3
let pictures: Model
let clips: Model
beforeAll(async () => {
  ;[pictures, clips] = await Promise.all([
    loadModel('tiny', { threads: 1 }),
    loadModel('tiny', { threads: 1, frames: FRAMES }),
  ])
})
afterAll(() => Promise.all([pictures.close(), clips.close()]))

const random = randomStream(1, 'pixels')
const pixels = (images: number) =>
  Float32Array.from({ length: images * 3 * pictures.clip.resolution ** 2 }, () => random.normal())

describe('a tower over frames', () => {
  it('averages the features of frames before anything is normalised', async () => {
    const input = pixels(2 * FRAMES)
    const each = frozenImageTower(pictures.clip, pictures.runtime, 2 * FRAMES)
    const all = frozenImageTower(clips.clip, clips.runtime, 2)
    const [single, averaged] = [await each.features(input), await all.features(input)]
    await Promise.all([each.release(), all.release()])
    const { width } = all
    for (let b = 0; b < 2; b++) {
      for (let i = 0; i < width; i++) {
        let sum = 0
        for (let t = 0; t < FRAMES; t++) sum += single[(b * FRAMES + t) * width + i]!
        expect(averaged[b * width + i]).toBeCloseTo(sum / FRAMES, 5)
      }
    }
  })

  it.each(['promptsrc', 'cocoop', 'maple', 'prolip', 'mmrlpp', 'tip-adapter'])(
    'sees a clip that stands still as %s sees the picture',
    async (method) => {
      const picture = pixels(1)
      const clip = new Float32Array(FRAMES * picture.length)
      for (let t = 0; t < FRAMES; t++) clip.set(picture, t * picture.length)
      const logits = async (model: Model, input: Float32Array) => {
        await using classifier = await createClassifier(await learnedRun(model, method), { batchSize: 1 })
        return [...(await classifier.classify(input)).logits]
      }
      const [ofClip, ofPicture] = [await logits(clips, clip), await logits(pictures, picture)]
      for (const [i, value] of ofPicture.entries()) expect(ofClip[i]).toBeCloseTo(value, 3)
    },
  )

  it('refuses a number of frames that is none', async () => {
    await expect(loadModel('tiny', { frames: 0 })).rejects.toThrow(
      'frames: 0; expected a whole number from 1 to 1024',
    )
  })
})
