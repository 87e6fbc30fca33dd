import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const quiet = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** Why there is no browser; undefined where there is one. */
export const missingBrowser = executablePath ? undefined : 'no Chromium is installed'

/** The browser of this machine without a window, or undefined where it has none. */
export async function launchChromium(
  args: readonly string[] = ['--disable-gpu'],
): Promise<Browser | undefined> {
  return executablePath ? chromium.launch({ executablePath, args: [...quiet, ...args] }) : undefined
}
