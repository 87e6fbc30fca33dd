import { type StepTiming, timeSteps } from '../src/core/train/time-steps.js'
import { backbones, randomClip, wordTokenizer } from '../src/core/weights/random-clip.js'
import { loadModel, type Tokenizer, webRuntime } from '../src/web/index.js'

// The page of bench/browser.ts.

/** What the page is asked to time. */
export interface Question {
  /** Of random weights; absent for the tiny model. */
  readonly backbone?: keyof typeof backbones
  readonly classes: number
  readonly batch: number
  readonly steps: number
  readonly threads: number
}

async function timed({ backbone, threads, ...what }: Question): Promise<StepTiming> {
  const worker = () => new Worker('/app/worker.js', { type: 'module' })
  const runtime = webRuntime({ threads, worker, wasmPaths: '/ort/' })
  const model = backbone ? undefined : await loadModel('/tiny/', { name: 'tiny', runtime })
  const clip = backbone ? randomClip(backbones[backbone], wordTokenizer as Tokenizer) : model!.clip
  try {
    return await timeSteps({ clip, runtime, method: 'promptsrc', ...what })
  } finally {
    await runtime.close()
  }
}

export type Timed = typeof timed

Object.assign(window, { timed })
