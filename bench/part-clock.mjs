// Imported before the built command by bench/whole-run.ts: notes when its parts begin and end, told from the files that it
// touches and from its trainer, and writes them down where PARTS_OUT says. Seconds are since process start.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const { PARTS_DATA: data, PARTS_MODEL: model, PARTS_RUN: run, PARTS_OUT: out } = process.env
  const marks = {}
  const sums = { steps: { seconds: 0, processorSeconds: 0 }, saving: { seconds: 0, processorSeconds: 0 } }
  const now = () => {
    const { user, system } = process.cpuUsage()
    return { seconds: performance.now() / 1000, processorSeconds: (user + system) / 1e6 }
  }
  const add = (part, from) => {
    const to = now()
    for (const unit of Object.keys(to)) sums[part][unit] += to[unit] - from[unit]
  }
  const first = (name) => {
    marks[name] ??= now()
  }

  const touched = (path) => {
    if (typeof path !== 'string') return
    if (path.startsWith(data)) first(marks.model ? 'image' : 'data')
    else if (path.startsWith(model)) first('model')
  }
  let epochEnd
  const placed = (to) => {
    if (typeof to !== 'string') return
    if (to.includes('text-features')) first('texts')
    if (!to.startsWith(run)) return
    if (to.endsWith('prompts.safetensors')) marks.prompts = now()
    if (/metrics\.json$|eval-[^/]*\.json$/.test(to)) marks.figures = now()
    if (epochEnd && /epoch-\d+\.safetensors$|prompts\.safetensors$/.test(to)) {
      add('saving', epochEnd)
      epochEnd = now()
    }
  }
  const before = (object, names, note) => {
    for (const name of names) {
      const original = object[name]
      const noting = function (...args) {
        note(args[0])
        return original.apply(this, args)
      }
      object[name] = Object.assign(noting, original)
    }
  }
  const reading = ['open', 'readFile', 'readdir', 'opendir', 'stat', 'realpath']
  before(fs.promises, reading, touched)
  before(
    fs,
    reading.flatMap((name) => [name, `${name}Sync`]),
    touched,
  )
  const rename = fs.promises.rename
  fs.promises.rename = async (from, to) => {
    await rename(from, to)
    placed(to)
  }
  syncBuiltinESMExports()

  const { Trainer } = await import('../dist/core/train/trainer.js')
  before(Trainer, ['plan'], () => first('plan'))
  const { create } = Trainer
  const { step, endEpoch } = Trainer.prototype
  Trainer.create = async (...args) => {
    first('create')
    const trainer = await create.apply(Trainer, args)
    first('trainer')
    return trainer
  }
  Trainer.prototype.step = async function (...args) {
    const begun = now()
    epochEnd = undefined
    const result = await step.apply(this, args)
    add('steps', begun)
    return result
  }
  Trainer.prototype.endEpoch = function () {
    endEpoch.call(this)
    epochEnd = now()
  }
  process.on('exit', () => {
    const peakRssMb = process.resourceUsage().maxRSS / 1024
    fs.writeFileSync(out, JSON.stringify({ marks: { ...marks, end: now() }, sums, peakRssMb }))
  })
}
