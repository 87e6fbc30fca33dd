// Child of bench/start.ts: trains by the built package until the first step is done. Seconds are since process start.
import { trainPrompts } from '../dist/core/index.js'
import { loadModel, openFolder } from '../dist/index.js'

const [modelPath, photos] = process.argv.slice(2)
const phases = {}
const reached = (phase) => {
  const { user, system } = process.cpuUsage()
  phases[phase] = { seconds: performance.now() / 1000, processorSeconds: (user + system) / 1e6 }
}
reached('program')
const data = await openFolder(photos)
reached('data')
const model = await loadModel(modelPath)
reached('model')
for await (const event of trainPrompts({ model, data })) {
  if (event.type !== 'warning') reached(event.type)
  if (event.type === 'step') break
}
process.stdout.write(
  JSON.stringify({ ...phases.step, phases, peakRssMb: process.resourceUsage().maxRSS / 1024 }),
)
process.exit(0)
