import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from './chromium.js'
import { StaticServer } from './static-server.js'
import type { PageFunctions } from './web-page.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What makes a page cross-origin isolated, without which it has no threads. */
export const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

/** A page that was built from the sources, on a server of this machine. */
export class WebBrowser {
  private constructor(
    readonly server: StaticServer,
    /** The page that was opened last. */
    public page: Page,
    /** What the pages complained about. */
    readonly complaints: string[],
    private readonly browser: Browser,
    private readonly context: BrowserContext,
    private readonly folder: string,
  ) {}

  /** @returns undefined where there is no browser */
  static async start({
    headers = {},
    args,
  }: {
    readonly headers?: Readonly<Record<string, string>>
    readonly args?: readonly string[]
  } = {}): Promise<WebBrowser | undefined> {
    const browser = await launchChromium(args)
    if (!browser) return undefined
    const folder = await mkdtemp(join(tmpdir(), 'web-browser-'))
    await build({
      absWorkingDir: root,
      entryPoints: { page: 'test/support/web-page.ts', worker: 'src/web/worker.ts' },
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'browser',
      minify: true,
    })
    const server = await StaticServer.start({
      folders: {
        app: folder,
        tiny: join(root, 'assets/tiny'),
        images: join(root, 'test/golden/preprocess/images'),
        ort: join(root, 'node_modules/onnxruntime-web/dist'),
      },
      files: {
        '/index.html': '<!doctype html><title>test</title><script type="module" src="/app/page.js"></script>',
      },
      headers,
    })
    const context = await browser.newContext()
    const complaints: string[] = []
    const page = await openPage(context, server, complaints)
    return new WebBrowser(server, page, complaints, browser, context, folder)
  }

  /** Opens the page once more, beside those that are open; what the browser keeps is the same. */
  async open(): Promise<Page> {
    this.page = await openPage(this.context, this.server, this.complaints)
    return this.page
  }

  /** Calls one of the functions of the page. */
  call<K extends keyof PageFunctions>(
    name: K,
    ...args: Parameters<PageFunctions[K]>
  ): Promise<Awaited<ReturnType<PageFunctions[K]>>> {
    return this.page.evaluate(
      ([name, args]) => {
        const functions = (window as unknown as { page: Record<string, (...args: unknown[]) => unknown> })
          .page
        return functions[name]!(...args)
      },
      [name, args] as const,
    ) as Promise<Awaited<ReturnType<PageFunctions[K]>>>
  }

  async close(): Promise<void> {
    await this.browser.close()
    await this.server.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

async function openPage(context: BrowserContext, server: StaticServer, complaints: string[]): Promise<Page> {
  const page = await context.newPage()
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  await page.goto(`${server.origin}/index.html`)
  await page.waitForFunction(() => 'page' in window)
  return page
}
