import type { Clip } from '../../core/clip/clip.js'
import {
  encodePrompts,
  type LoadedPrompts,
  readPrompts,
  type TrainedPrompts,
} from '../../core/train/trained-prompts.js'
import { writeFileAtomic } from '../files/atomic.js'
import { openSafetensors } from '../weights/safetensors-file.js'

/** Writes learned prompts as safetensors, atomically. Tensor names and layouts are the reference's. */
export async function savePrompts(path: string, prompts: TrainedPrompts, clip: Clip): Promise<void> {
  await writeFileAtomic(path, encodePrompts(prompts, clip))
}

/** Reads what {@link savePrompts} wrote. Throws WeightsError when it is damaged or something else. */
export async function loadPrompts(path: string): Promise<LoadedPrompts> {
  const file = await openSafetensors(path)
  try {
    return await readPrompts(file)
  } finally {
    await file.close()
  }
}
