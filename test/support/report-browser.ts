import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchChromium, missingBrowser } from './chromium.js'

/** How a page is looked at. */
export interface Screen {
  readonly width: number
  readonly colorScheme: 'light' | 'dark'
}

/** Phones and desks, by day and by night. */
export const screens = [
  { width: 390, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
] as const satisfies readonly Screen[]

/** A browser without a network for reports in a folder of its own. */
export class ReportBrowser {
  private constructor(
    readonly folder: string,
    private readonly browser: Browser | undefined,
  ) {}

  static async start(): Promise<ReportBrowser> {
    const folder = await mkdtemp(join(tmpdir(), 'report-browser-'))
    return new ReportBrowser(folder, await launchChromium())
  }

  /** Why nothing can be looked at; undefined where it can. */
  get missing(): string | undefined {
    return missingBrowser
  }

  /** Writes a page to look at. */
  async write(name: string, html: string): Promise<void> {
    await writeFile(join(this.folder, name), html)
  }

  /** Opens a report; fails on console messages, exceptions and requests to anywhere. */
  async look(
    name: string,
    { width, colorScheme }: Screen,
    see: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await this.browser!.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      offline: true,
    })
    const complaints: string[] = []
    await context.route('**', (route) => {
      const url = route.request().url()
      if (url.startsWith('file:') || url.startsWith('data:')) return route.continue()
      complaints.push(`request: ${url}`)
      return route.abort()
    })
    const page = await context.newPage()
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
    await page.goto(pathToFileURL(join(this.folder, name)).href)
    await see(page)
    expect(complaints).toEqual([])
    await context.close()
  }

  async close(): Promise<void> {
    await this.browser?.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Whether every picture of a page has been read. */
export const picturesLoaded = (page: Page): Promise<boolean> =>
  page.evaluate(() =>
    [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0),
  )
