import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { expectAccessible } from './harness.ts'
import { describeServed } from './serverHarness.ts'

// What of a canvas is looked at in the page.
interface Canvas {
  readonly width: number
  readonly height: number
  getContext(kind: '2d'): {
    getImageData(left: number, top: number, width: number, height: number): { data: Uint8ClampedArray }
  }
}

const summary = (page: Page) => page.locator('.summary [role=status]')
const plot = (page: Page) => page.getByRole('img', { name: /^Map of/ })
const thumbs = (page: Page) => page.locator('.thumbs a')

// How many colours are on the map: one is its paper.
const countColours = (page: Page) =>
  plot(page).evaluate((element) => {
    const canvas = element as unknown as Canvas
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return new Set(new Uint32Array(data.buffer)).size
  })

async function drawAround(page: Page, share: number): Promise<void> {
  await plot(page).scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await plot(page).boundingBox())!
  const corners = [
    [6, 6],
    [width * share - 6, 6],
    [width * share - 6, height - 6],
    [6, height - 6],
  ]
  await page.mouse.move(x + 6, y + 6)
  await page.mouse.down()
  for (const [left, top] of corners) await page.mouse.move(x + left, y + top)
  await page.mouse.up()
}

describeServed('the page Embeddings', (workbench) => {
  it('shows a point for each patch, in colours and shapes that the legend names', async () => {
    const page = await workbench.open('#/embeddings')
    await plot(page).waitFor()
    expect(await summary(page).innerText()).toBe('240 patches shown, 0 chosen')
    await expect.poll(() => countColours(page)).toBeGreaterThan(5)
    await page.getByLabel('Colour by', { exact: true }).selectOption('label')
    const names = await page.locator('.legend button').allInnerTexts()
    expect(names.map((name) => name.split(/\s/)[0])).toEqual(['normal', 'tumour'])
    const counts = names.map((name) => Number(name.split(/\s+/)[1]))
    expect(counts[0] + counts[1]).toBe(240)
    await page.getByRole('button', { name: /^tumour/ }).click()
    await expect.poll(() => summary(page).innerText()).toContain(`${counts[1]} chosen`)
    expect(page.troubles).toEqual([])
  })

  it('shows the patches within a line that is drawn, and leads to them', async () => {
    const page = await workbench.open('#/embeddings/small')
    await plot(page).waitFor()
    await drawAround(page, 1)
    await expect.poll(() => summary(page).innerText()).toBe('240 patches shown, 240 chosen')
    await expect.poll(() => thumbs(page).count()).toBe(96)
    await page.getByRole('button', { name: /^Show 96 more/ }).click()
    await expect.poll(() => thumbs(page).count()).toBe(192)
    await drawAround(page, 0.5)
    await expect.poll(() => summary(page).innerText()).not.toContain('240 chosen')
    const chosen = Number(/(\d+) chosen/.exec(await summary(page).innerText())![1])
    expect(chosen).toBeGreaterThan(0)
    expect(chosen).toBeLessThan(240)
    await expect.poll(() => thumbs(page).count()).toBe(Math.min(96, chosen))
    const isPainted = () =>
      page
        .locator('.thumbs canvas')
        .first()
        .evaluate((element) => {
          const canvas = element as unknown as Canvas
          return new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size
        })
    await expect.poll(isPainted).toBeGreaterThan(10)
    await thumbs(page).first().click()
    await page.getByRole('dialog').waitFor()
    expect(page.troubles).toEqual([])
  })

  it('lays the same patches out by UMAP', async () => {
    const page = await workbench.open('#/embeddings/small')
    await plot(page).waitFor()
    await page.getByLabel('Method', { exact: true }).selectOption('umap')
    await page.getByText('UMAP with 15 neighbours').waitFor()
    expect(await summary(page).innerText()).toBe('240 patches shown, 0 chosen')
    await expect.poll(() => countColours(page)).toBeGreaterThan(5)
    expect(page.troubles).toEqual([])
  })

  it.each([
    'light',
    'dark',
  ] as const)('is accessible, and no wider than a phone, in %s', async (colorScheme) => {
    const page = await workbench.open('#/embeddings/small', { colorScheme, width: 390, height: 800 })
    await plot(page).waitFor()
    await page.locator('.legend button').first().click()
    await thumbs(page).first().waitFor()
    await expectAccessible(page)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  })
})
