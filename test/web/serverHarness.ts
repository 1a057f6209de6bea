// The workbench as `eosin serve` sends it: a folder of data with a finished run, a server, and a browser that has entered it.

import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe } from 'vitest'
import { readOwnVersion } from '../../src/cli/version.ts'
import { openServer, type RunningServer } from '../../src/serve/index.ts'
import { eosin, openWorkplace, runSmall, type Workplace } from '../serve/workplace.ts'
import { executablePath, launchChromium } from './chromium.ts'
import { openWatched, type PageOptions, type WatchedPage } from './harness.ts'

/** The workbench with its server, for the tests of one file. */
export interface ServedWorkbench {
  readonly place: Workplace
  readonly server: RunningServer
  /** A page at `#/NAME` that has entered; `troubles` must stay empty. */
  open(hash: string, options?: PageOptions): Promise<WatchedPage>
}

/** Runs `tests` on a server with one finished run called `small`, where Chromium is installed; elsewhere they are left out. */
export function describeServed(name: string, tests: (workbench: ServedWorkbench) => void): void {
  const title = executablePath ? name : `${name} (left out: no Chromium here; apt-get install chromium)`
  describe.skipIf(!executablePath)(title, () => {
    let place: Workplace
    let server: RunningServer
    let browser: Browser
    let cookies: { name: string; value: string; url: string }[]
    beforeAll(async () => {
      if (!existsSync('dist/web/index.html')) throw new Error('dist/web is not there: npm run build:web')
      place = await openWorkplace({ train: 120, val: 60, test: 60 })
      await runSmall(place, 'small')
      server = await openServer({
        runs: place.at('runs'),
        cache: place.at('cache'),
        data: [place.at('data')],
        pages: 'dist/web',
        port: 0,
        version: readOwnVersion(),
        eosin,
      })
      browser = await launchChromium()
      const context = await browser.newContext()
      const page = await context.newPage()
      await page.goto(server.address)
      cookies = (await context.cookies()).map(({ name, value }) => ({ name, value, url: server.origin }))
      await context.close()
    }, 120_000)
    afterAll(async () => {
      await browser?.close()
      await server?.close()
      await place?.close()
    })
    tests({
      get place() {
        return place
      },
      get server() {
        return server
      },
      async open(hash, { width = 1280, height = 900, colorScheme = 'light' } = {}) {
        const viewport = { width, height }
        const context = await browser.newContext({ viewport, colorScheme, acceptDownloads: true })
        await context.addCookies(cookies)
        const isOwn = (url: string) => url.startsWith(server.origin) || /^(blob|data|about):/.test(url)
        const page = await openWatched(context, isOwn)
        await page.goto(`${server.origin}/${hash}`)
        await page.locator('h1').waitFor()
        return page
      },
    })
  })
}
