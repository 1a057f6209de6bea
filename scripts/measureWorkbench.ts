// How fast the pages of `eosin serve` are: first paint on the demo's run, and frames while a gallery of 100,000 patches is
// scrolled, in Chromium's own trace. After `npm run demo`: `npx tsx scripts/measureWorkbench.ts eosin-demo FOLDER`, where FOLDER
// receives 100,000 pictures (hard links to 2,000) when it is not there yet.

import { existsSync, linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { encodePng } from '../src/files/index.ts'
import { openServer } from '../src/serve/index.ts'
import { renderSyntheticPatch, syntheticDefaults } from '../src/synthetic/index.ts'

const repeats = 3
const patches = 100_000
const pictures = 2_000

async function makePictures(folder: string): Promise<void> {
  if (existsSync(join(folder, 'list.csv'))) return
  const lines = ['path,label,center,slide']
  for (let i = 0; i < patches; i++) {
    const below = String(Math.floor(i / 1000)).padStart(3, '0')
    const path = `${below}/${i}.png`
    if (i % 1000 === 0) mkdirSync(join(folder, below), { recursive: true })
    if (i < pictures) {
      const { pixels, label } = renderSyntheticPatch({ ...syntheticDefaults, size: 96 }, 'train', i)
      writeFileSync(join(folder, path), await encodePng({ data: pixels, count: 1, height: 96, width: 96 }))
      lines.push(`${path},${label},${i % 5},${i % 50}`)
    } else {
      const twin = i % pictures
      linkSync(
        join(folder, String(Math.floor(twin / 1000)).padStart(3, '0'), `${twin}.png`),
        join(folder, path),
      )
      lines.push(`${path},${lines[twin + 1].split(',')[1]},${i % 5},${i % 50}`)
    }
  }
  writeFileSync(join(folder, 'list.csv'), `${lines.join('\n')}\n`)
}

async function withPage<T>(
  browser: Browser,
  cookies: Cookie[],
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.addCookies(cookies)
  try {
    return await work(await context.newPage())
  } finally {
    await context.close()
  }
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly url: string
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]

// Milliseconds from the navigation to the first contentful paint, and until the table of cells stands.
async function measurePaint(page: Page, address: string): Promise<{ paint: number; table: number }> {
  await page.goto(address)
  await page.locator('tr.chosen').waitFor()
  return page.evaluate(`(async () => {
    const first = performance.getEntriesByName('first-contentful-paint')[0]
    return { paint: first.startTime, table: performance.now() }
  })()`) as Promise<{ paint: number; table: number }>
}

interface TraceEvent {
  readonly name: string
  readonly ts: number
  readonly dur?: number
  /** Time of the processor alone. */
  readonly tdur?: number
  readonly pid: number
  readonly tid: number
  readonly args: { readonly name?: string }
}

interface Scrolled {
  /** The longest task of the page's main thread, as long as it took, and the time of the processor in it. */
  readonly task: number
  readonly busy: number
  /** The longest time between two frames drawn, and how many there were. */
  readonly gap: number
  readonly frames: number
}

// Of a trace, in milliseconds.
function readTrace(bytes: Buffer): Scrolled {
  const { traceEvents: events } = JSON.parse(bytes.toString()) as { traceEvents: TraceEvent[] }
  const marks = events.filter(({ name }) => name === 'eosin-scroll')
  const [begin, end] = [marks[0].ts, marks.at(-1)!.ts].sort((a, b) => a - b)
  const within = events.filter(({ ts, pid }) => pid === marks[0].pid && ts >= begin && ts <= end)
  const tasks = within.filter(({ name, tid }) => name === 'RunTask' && tid === marks[0].tid)
  const drawn = within
    .filter(({ name }) => name === 'DrawFrame')
    .map(({ ts }) => ts)
    .sort((a, b) => a - b)
  const longest = (values: readonly number[]) =>
    values.reduce((most, value) => Math.max(most, value / 1000), 0)
  return {
    task: longest(tasks.map(({ dur = 0 }) => dur)),
    busy: longest(tasks.map(({ tdur = 0 }) => tdur)),
    gap: longest(drawn.slice(1).map((ts, i) => ts - drawn[i])),
    frames: drawn.length,
  }
}

const traced = [
  'blink.user_timing',
  'devtools.timeline',
  'devtools.timeline.frame',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
]

async function measureScroll(browser: Browser, page: Page, address: string) {
  await page.goto(address)
  await page.locator('.gallery .cell').first().waitFor({ timeout: 120_000 })
  await page.waitForTimeout(1500)
  await browser.startTracing(page, {
    categories: traced,
  })
  // As a finger or a wheel does: a step with every frame, slow at first, then in leaps of several screens.
  await page.evaluate(`(async () => {
    const box = document.querySelector('.gallery')
    performance.mark('eosin-scroll')
    for (let i = 0; i < 240; i++) {
      box.scrollTop += i < 160 ? 60 : 2500
      await new Promise(requestAnimationFrame)
    }
    performance.mark('eosin-scroll')
  })()`)
  return readTrace(await browser.stopTracing())
}

async function main(demo: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await makePictures(folder)
  const server = await openServer({
    runs: join(demo, 'runs'),
    cache: join(demo, 'cache'),
    data: [demo, folder, join(folder, 'list.csv')],
    pages: 'dist/web',
    port: 0,
    version: '0',
    eosin: [process.execPath],
  })
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const context = await browser.newContext()
    const entered = await context.newPage()
    await entered.goto(server.address)
    const known = await context.cookies()
    const cookies = known.map(({ name, value }) => ({ name, value, url: server.origin }))
    const sets = await (await context.request.get(`${server.origin}/api/sets`)).json()
    const { id } = sets.sets.find(({ title }: { title: string }) => title === 'list.csv')
    await context.close()
    const paints: { paint: number; table: number }[] = []
    for (let i = 0; i < repeats; i++)
      paints.push(
        await withPage(browser, cookies, (page) => measurePaint(page, `${server.origin}/#/runs/demo`)),
      )
    const scrolls: Scrolled[] = []
    for (let i = 0; i < repeats; i++)
      scrolls.push(
        await withPage(browser, cookies, (page) =>
          measureScroll(browser, page, `${server.origin}/#/patches/${id}`),
        ),
      )
    const say = (name: string, values: readonly number[]) =>
      process.stdout.write(
        `${name}: ${median(values).toFixed(0)} (${values.map((value) => value.toFixed(0)).join(', ')})\n`,
      )
    say(
      'first contentful paint, ms',
      paints.map(({ paint }) => paint),
    )
    say(
      'table of cells, ms',
      paints.map(({ table }) => table),
    )
    say(
      'longest task of the main thread, ms',
      scrolls.map(({ task }) => task),
    )
    say(
      'of it time of the processor, ms',
      scrolls.map(({ busy }) => busy),
    )
    say(
      'longest time between two frames, ms',
      scrolls.map(({ gap }) => gap),
    )
    say(
      'frames drawn in 240 steps',
      scrolls.map(({ frames }) => frames),
    )
  } finally {
    await browser.close()
    await server.close()
  }
}

await main(resolve(process.argv[2]), resolve(process.argv[3]))
