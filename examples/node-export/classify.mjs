// node examples/node-export/classify.mjs page/model photo.jpg …
// after: npx promptsrc export runs/photos --format transformers-js --out page/model
//        npm install @huggingface/transformers
import { resolve } from 'node:path'
import { pipeline } from '@huggingface/transformers'

const [model, ...photos] = process.argv.slice(2)
const classify = await pipeline('image-classification', resolve(model), { dtype: 'fp32' })
for (const photo of photos) {
  const [{ label, score }] = await classify(photo, { top_k: 1 })
  console.log(`${photo}\t${label}\t${(100 * score).toFixed(1)} %`)
}
