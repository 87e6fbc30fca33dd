import { keptFiles, storageState } from '../../src/web/kept/kept-files.js'
import { keptModels, removeKeptModel } from '../../src/web/kept/kept-models.js'
import { loadModel } from '../../src/web/model.js'
import { modelSize } from '../../src/web/model-size.js'
import { webRuntime } from '../../src/web/runtime.js'
import { type PageOptions, runtimeOf } from './web-page-parts.js'

/** What goes wrong, as a page shows it. */
const failure = (work: () => Promise<unknown>) =>
  work().then(
    () => 'nothing',
    (error) => `${error.name}: ${error.message} | ${error.hint}`,
  )

/** What the page's tests do with models that the browser keeps. */
export const keptFunctions = {
  keptModels,
  removeKeptModel,
  modelSize,

  /** Loads the tiny model, kept or not, and computes with it: its hash, and the first text feature of a name. */
  async loadKept(options: PageOptions, keep: boolean) {
    let loaded = 0
    const model = await loadModel('/tiny/', {
      name: 'tiny',
      keep,
      blockBytes: 2 ** 18,
      runtime: webRuntime(runtimeOf(options)),
      onProgress: (event) => {
        loaded = Math.max(loaded, event.loaded)
      },
    })
    try {
      const weights = await model.clip.tensors.read('positional_embedding')
      return { hash: await model.hash(), loaded, first: weights[0]! }
    } finally {
      await model.close()
    }
  },

  /** Overwrites what is kept of the beginning of the model. */
  async damageKept() {
    const root = await navigator.storage.getDirectory()
    const models = await (await root.getDirectoryHandle('promptsrc')).getDirectoryHandle('models')
    for await (const name of models.keys()) {
      await keptFiles(`models/${name}`).write('model.safetensors/00000', 'damaged')
    }
  },

  async loadFails(options: PageOptions, keep: boolean) {
    return failure(() => this.loadKept(options, keep))
  },

  /** The errors of a browser that keeps nothing for the page. */
  async privateWindow(options: PageOptions) {
    Object.assign(navigator.storage, {
      getDirectory: async () => {
        throw new DOMException('The operation is insecure.', 'SecurityError')
      },
    })
    return {
      load: await failure(() => this.loadKept(options, true)),
      state: await failure(() => storageState()),
    }
  },

  storageState,
}
