import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clip } from '../../core/clip/clip.js'
import { configure } from '../../core/methods/registry.js'
import type { TrainedPrompts } from '../../core/train/trained-prompts.js'
import { writeFileAtomic } from '../../node/files/atomic.js'
import { writeTorchCheckpoint } from '../../node/weights/torch/torch-write.js'
import { learnerOf, referenceKey } from './learners.js'

/**
 * Writes learned prompts where and as the PyTorch reference looks for them: `<out>/<learner>/model.pth.tar-<epoch>`,
 * with the file `checkpoint` beside it. Frozen weights and fixed tokens are left out: the reference loads without being
 * strict and has its own.
 *
 * @returns the file written
 * @throws ConfigError where the reference does not have the method
 */
export async function exportCheckpoint(
  out: string,
  prompts: TrainedPrompts,
  clip: Clip,
  epoch: number,
): Promise<string> {
  const { method, parameters } = prompts
  const learner = learnerOf(method.name)
  const specs = configure(prompts, clip).parameters
  const stateDict = new Map(
    specs.map(({ name, shape }) => [referenceKey(learner, name), { shape, data: parameters.get(name)! }]),
  )
  const folder = join(out, learner.folder)
  await mkdir(folder, { recursive: true })
  const file = `model.pth.tar-${epoch}`
  await writeTorchCheckpoint(join(folder, file), { stateDict, epoch })
  await writeFileAtomic(join(folder, 'checkpoint'), file)
  return join(folder, file)
}
