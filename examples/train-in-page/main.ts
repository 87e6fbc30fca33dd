// Trains prompts on folders of pictures and classifies with them, all of it in the page. Built by any bundler, with
// `promptsrc/web/worker` as worker.js; the server has `assets/tiny` at /tiny/ and `onnxruntime-web/dist` at /ort/.
import * as web from 'promptsrc/web'

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T
const button = (id: string) => element<HTMLButtonElement>(id)
const input = (id: string) => element<HTMLInputElement>(id)
const say = (text: string) => element('status').replaceChildren(text)
/** Says what went wrong and what to do, instead of ending the script. */
const trying = (work: () => Promise<void>) => () =>
  work().catch((error) => say([error.message, error.hint].filter(Boolean).join('. ')))

let model: web.Model
let run: web.FileStore
let classifier: web.RunClassifier | undefined

const begin = trying(async () => {
  const place = { worker: () => new Worker('worker.js', { type: 'module' }), wasmPaths: '/ort/' }
  const { device, threads, reasons } = await web.chooseDevice(place)
  const runtime = web.webRuntime({ ...place, device, threads })
  model = await web.loadModel('/tiny/', { name: 'tiny', runtime })
  // A private window keeps nothing: the run is then lost with the page unless it is downloaded.
  const keeps = await web.storageState().catch(() => undefined)
  run = keeps ? web.keptRun('example') : web.memoryFiles()
  button('train').disabled = false
  say(`Ready. ${reasons.join(' ')}`)
})

const learn = trying(async () => {
  const classes: Record<string, File[]> = {}
  for (const file of input('photos').files ?? []) {
    const className = file.webkitRelativePath.split('/').at(-2) ?? ''
    classes[className] = [...(classes[className] ?? []), file]
  }
  const data = web.photoDataset(classes)
  const stopping = new AbortController()
  button('stop').onclick = () => stopping.abort(new Error('Stopped'))
  button('train').disabled = true
  let [done, total] = [0, 1]
  try {
    const settings = { shots: 16, epochs: 3, learningRate: 0.01, skipBadImages: true, overwrite: true }
    for await (const event of web.trainRun({ model, data, out: run, signal: stopping.signal, ...settings })) {
      if (event.type === 'start') total = event.epochs * event.stepsPerEpoch
      if (event.type === 'step') element<HTMLProgressElement>('progress').value = ++done / total
      if (event.type === 'epoch')
        say(`Epoch ${event.epoch}: ${event.accuracy.toFixed(0)} % right in training`)
    }
  } finally {
    button('train').disabled = false
  }
  await classifier?.release()
  classifier = await web.runClassifier(await web.loadRun(run, model))
  const href = URL.createObjectURL(await web.zipRun(run))
  Object.assign(element('download'), { hidden: false, download: 'run.zip', href })
  input('picture').disabled = false
  say(`Learned ${data.classNames.join(', ')}.`)
})

const tell = trying(async () => {
  const file = input('picture').files?.[0]
  if (!file || !classifier) return
  const addClasses = input('more')
    .value.split(',')
    .filter((name) => name.trim())
  await classifier.setClasses({ addClasses })
  const { kind, classes } = await classifier.classify(file)
  const shares = classes.map(
    ({ className, probability }) => `${className} ${(100 * probability).toFixed(0)} %`,
  )
  say(kind === 'none' ? 'None of these' : shares.join(', '))
})

button('train').onclick = learn
input('picture').onchange = tell
begin()
