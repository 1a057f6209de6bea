// The built pages in Chromium, and a page that keeps account of what went wrong on it and of what it asked other hosts for.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { executablePath, type Host, launchChromium, serveFolder } from './chromium.ts'

export { type Host, serveFolder } from './chromium.ts'

/** A page, and what must stay empty: errors of scripts and of the content policy, and addresses of other hosts. */
export interface WatchedPage extends Page {
  readonly troubles: string[]
}

/** How a page is opened. */
export interface PageOptions {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
}

/** The workbench, opened for the tests of one file. */
export interface Workbench {
  readonly host: Host
  readonly browser: Browser
  /** A new page at `#/NAME`, in a profile of its own. */
  open(hash: string, options?: PageOptions): Promise<WatchedPage>
}

/**
 * Runs `tests` on the workbench as it is served by a static host, where Chromium is installed; elsewhere they are left out.
 * `args` are further ones for Chromium.
 */
export function describeWorkbench(
  name: string,
  tests: (workbench: Workbench) => void,
  { args = [], isolated = true }: { readonly args?: readonly string[]; readonly isolated?: boolean } = {},
): void {
  const title = executablePath ? name : `${name} (left out: no Chromium here; apt-get install chromium)`
  describe.skipIf(!executablePath)(title, { timeout: 180_000 }, () => {
    let host: Host
    let browser: Browser
    beforeAll(async () => {
      if (!existsSync('dist/web/index.html')) throw new Error('dist/web is not there: npm run build:web')
      host = await serveFolder('dist/web', { isolated })
      browser = await launchChromium(args)
    })
    afterAll(async () => {
      await browser?.close()
      await host?.close()
    })
    tests({
      get host() {
        return host
      },
      get browser() {
        return browser
      },
      open: (hash, options) => openPage(browser, host.address, hash, options),
    })
  })
}

async function openPage(
  browser: Browser,
  address: string,
  hash: string,
  { width = 1280, height = 900, colorScheme = 'light' }: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    acceptDownloads: true,
  })
  context.setDefaultTimeout(120_000) // tests share the machine with others
  const page = await openWatched(context, (url) => url.startsWith(address) || /^(blob|data):/.test(url))
  await page.goto(`${address}${hash}`)
  await page.locator('h1').waitFor()
  return page
}

/** A new page that keeps account of its troubles: errors, and requests to what is not its own. */
export async function openWatched(
  context: BrowserContext,
  isOwn: (url: string) => boolean,
): Promise<WatchedPage> {
  const troubles: string[] = []
  const page = Object.assign(await context.newPage(), { troubles })
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text())
  })
  page.on('pageerror', (error) => troubles.push(error.message))
  context.on('request', (request) => {
    if (!isOwn(request.url())) troubles.push(`a request to ${request.url()}`)
  })
  return page
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Holds the page to axe-core's rules: none is broken. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(await readFile(axe, 'utf8'))
  const broken = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const { violations } = await axe.run()
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
    )
  })
  expect(broken).toEqual([])
}
