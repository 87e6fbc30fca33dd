import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from '../test/support/chromium.js'
import { StaticServer } from '../test/support/static-server.js'
import { isolation } from '../test/support/web-browser.js'

const root = join(import.meta.dirname, '..')

/** Pages of the sources, each in a headless Chromium of its own. */
export class BrowserBench implements Disposable {
  private constructor(
    private readonly entry: string,
    private readonly folder: string,
  ) {}

  /** @param entry the script of the page, below the repository */
  static async build(entry: string): Promise<BrowserBench> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-browser-'))
    await build({
      absWorkingDir: root,
      entryPoints: { page: entry, worker: 'src/web/worker.ts' },
      outdir: folder,
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
    })
    return new BrowserBench(entry, folder)
  }

  /**
   * Opens the page in a new browser, calls it and ends both.
   *
   * @param threads of WebAssembly; beyond one the page is cross-origin isolated
   * @param files what the page may fetch, by path
   * @returns what the call gives, and the peak memory of the page's process in MB
   * @throws Error where no Chromium is installed
   */
  async inPage<T>(
    { threads, files = {} }: { readonly threads: number; readonly files?: Record<string, Uint8Array> },
    call: (page: Page) => Promise<T>,
  ): Promise<{ result: T; megabytes: number }> {
    const browser = await launchChromium()
    if (!browser) throw new Error(`no Chromium is installed, which ${this.entry} needs`)
    const server = await StaticServer.start({
      folders: {
        app: this.folder,
        tiny: join(root, 'assets/tiny'),
        ort: join(root, 'node_modules/onnxruntime-web/dist'),
      },
      files: {
        '/index.html': '<!doctype html><script type="module" src="/app/page.js"></script>',
        ...files,
      },
      headers: threads > 1 ? isolation : {},
    })
    try {
      const page = await browser.newPage()
      page.setDefaultTimeout(0)
      await page.goto(`${server.origin}/index.html`)
      await page.waitForFunction(() => 'timed' in window)
      return { result: await call(page), megabytes: await peakOf(browser) }
    } finally {
      await browser.close()
      await server.close()
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

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
