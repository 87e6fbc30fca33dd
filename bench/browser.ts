import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { timeSteps } from '../src/core/train/time-steps.js'
import { loadModel } from '../src/node/model.js'
import { launchChromium } from '../test/support/chromium.js'
import { StaticServer } from '../test/support/static-server.js'
import type { Question, Timed } from './browser-page.js'

// Time of one training step in headless Chromium beside Node's on one thread, on the tiny model; with --backbone, time and
// memory of a step at a published model's size with random weights. Usage: npm run bench:browser --
// [--classes 10] [--batch 4] [--steps 30] [--threads 2] [--backbone ViT-B/32]

const { values } = parseArgs({
  options: {
    classes: { type: 'string', default: '10' },
    batch: { type: 'string', default: '4' },
    steps: { type: 'string', default: '30' },
    threads: { type: 'string', default: '2' },
    backbone: { type: 'string' },
  },
})
const [classes, batch, steps, threads] = [values.classes, values.batch, values.steps, values.threads].map(
  Number,
) as [number, number, number, number]
const backbone = values.backbone as Question['backbone']

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'bench-browser-'))
await build({
  absWorkingDir: root,
  entryPoints: { page: 'bench/browser-page.ts', worker: 'src/web/worker.ts' },
  outdir: folder,
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
})

/** Peak memory of the browser's largest process, in MB: that of the page. */
async function peakOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const peaks = processInfo.map(({ id }) => {
    const status = readFileSync(`/proc/${id}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000
  })
  return Math.max(...peaks)
}

async function inBrowser(question: Question): Promise<{ seconds: number; megabytes: number }> {
  const browser = await launchChromium()
  if (!browser) throw new Error('no Chromium is installed')
  const server = await StaticServer.start({
    folders: {
      app: folder,
      tiny: join(root, 'assets/tiny'),
      ort: join(root, 'node_modules/onnxruntime-web/dist'),
    },
    files: { '/index.html': '<!doctype html><script type="module" src="/app/page.js"></script>' },
    headers:
      question.threads > 1
        ? {
            'cross-origin-opener-policy': 'same-origin',
            'cross-origin-embedder-policy': 'require-corp',
          }
        : {},
  })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(0)
    await page.goto(`${server.origin}/index.html`)
    await page.waitForFunction(() => 'timed' in window)
    const { stepSeconds } = await page.evaluate(
      (asked) => (window as unknown as { timed: Timed }).timed(asked),
      question,
    )
    return { seconds: stepSeconds, megabytes: await peakOf(browser) }
  } finally {
    await browser.close()
    await server.close()
  }
}

async function inNode(): Promise<number> {
  await using model = await loadModel('tiny', { threads: 1 })
  const { clip, runtime } = model
  return (await timeSteps({ clip, runtime, method: 'promptsrc', classes, batch, steps })).stepSeconds
}

const say = (what: string, seconds: number, rest = '') =>
  console.log(`${what.padEnd(28)}${(1000 * seconds).toFixed(1).padStart(10)} ms${rest}`)
try {
  console.log(
    `promptsrc, ${backbone ?? 'tiny'}, batch ${batch}, ${classes} classes (median of ${steps} steps)`,
  )
  const node = backbone ? undefined : await inNode()
  if (node !== undefined) say('Node, 1 thread', node)
  for (const count of backbone ? [threads] : [1, threads]) {
    const question = { ...(backbone ? { backbone } : {}), classes, batch, steps, threads: count }
    const { seconds, megabytes } = await inBrowser(question)
    const share = node === undefined ? '' : `  ${(seconds / node).toFixed(2)} x Node`
    say(`Chromium, wasm, ${count} thread(s)`, seconds, `${share}  peak ${megabytes.toFixed(0)} MB`)
  }
  // Node again: whether the machine was as fast all along.
  if (node !== undefined) say('Node, 1 thread, once more', await inNode())
} finally {
  rmSync(folder, { recursive: true, force: true })
}
