import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { launchChromium } from '../test/support/chromium.js'
import { StaticServer } from '../test/support/static-server.js'

// Goes from a folder of pictures to a page that classifies, by the commands of docs/photos-to-page.md; says what each takes, and
// takes the picture of that page. Usage: npm run photos-to-page

const root = join(import.meta.dirname, '..')
const library = join(root, 'node_modules/@huggingface/transformers/dist')
const classes = ['croissant', 'strawberry', 'taco', 'watermelon']
const folder = await mkdtemp(join(tmpdir(), 'photos-to-page-'))

async function promptsrc(...args: string[]): Promise<void> {
  const start = performance.now()
  await promisify(execFile)(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { cwd: folder })
  console.log(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  promptsrc ${args.join(' ')}`)
}

try {
  await promptsrc('toy', 'drawn', '--set', 'emoji-food')
  for (const name of classes)
    await cp(join(folder, 'drawn/train', name), join(folder, 'photos', name), { recursive: true })
  await promptsrc('train', 'photos', '--model', 'emoji', '--out', 'runs/photos')
  await promptsrc('export', 'runs/photos', '--format', 'transformers-js', '--out', 'page/model')
  const page = join(folder, 'page')
  await cp(join(root, 'examples/static-page/index.html'), join(page, 'index.html'))
  await cp(join(library, 'transformers.min.js'), join(page, 'transformers.min.js'))
  const wasm = dirname(createRequire(join(library, 'transformers.js')).resolve('onnxruntime-web'))
  for (const end of ['mjs', 'wasm']) {
    const name = `ort-wasm-simd-threaded.asyncify.${end}`
    await cp(join(wasm, name), join(page, name))
  }
  await photograph(page)
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Shows the page a picture that was not trained on. */
async function photograph(page: string): Promise<void> {
  const browser = await launchChromium()
  if (!browser) throw new Error('no Chromium is installed')
  const server = await StaticServer.start({ folders: { page } })
  try {
    const tab = await browser.newPage({ viewport: { width: 560, height: 460 }, deviceScaleFactor: 2 })
    const start = performance.now()
    await tab.goto(`${server.origin}/page/index.html`)
    await tab.waitForSelector('input:enabled', { timeout: 120_000 })
    console.log(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  the page opens`)
    const tests = join(folder, 'drawn/test/taco')
    await tab.setInputFiles('input', join(tests, (await readdir(tests)).sort()[0]!))
    await tab.waitForSelector('li')
    await tab.addStyleTag({ content: 'img { width: 12rem }' })
    console.log((await tab.locator('li').allTextContents()).join('; '))
    await sharp(await tab.screenshot())
      .webp({ quality: 88 })
      .toFile(join(root, 'docs/photos-to-page.webp'))
  } finally {
    await browser.close()
    await server.close()
  }
}
