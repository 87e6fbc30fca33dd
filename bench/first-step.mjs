// Child of bench/start.ts: trains by the built package until the first step is done.
import { loadModel, openFolder, trainPrompts } from '../dist/index.js'

const [modelPath, photos] = process.argv.slice(2)
const data = await openFolder(photos)
const model = await loadModel(modelPath)
for await (const event of trainPrompts({ model, data })) {
  if (event.type === 'step') break
}
const seconds = performance.now() / 1000
process.stdout.write(JSON.stringify({ seconds, peakRssMb: process.resourceUsage().maxRSS / 1024 }))
process.exit(0)
