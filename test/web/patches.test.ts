import { existsSync, readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { decodeImage } from '../../src/files/index.ts'
import { readCsv } from '../../src/formats/index.ts'
import { openPatchSet } from '../../src/patches/index.ts'
import { expectAccessible } from './harness.ts'
import { describeServed } from './serverHarness.ts'

const summary = (page: Page) => page.locator('.summary [role=status]')
const cells = (page: Page) => page.getByRole('gridcell')

// The gallery once its thumbnails are painted: the first cell's place on the canvas is not of one colour.
async function openGallery(page: Page): Promise<void> {
  await page.getByRole('grid').waitFor()
  await cells(page).first().waitFor()
}

describeServed('the page Patches', (workbench) => {
  it('shows the patches of a run, as many as are to be seen', async () => {
    const page = await workbench.open('#/patches')
    await openGallery(page)
    expect(await summary(page).innerText()).toBe('240 of 240 patches shown, 0 chosen')
    expect(await cells(page).count()).toBeLessThan(240)
    const grid = page.getByRole('grid')
    const perRow = Number(await grid.getAttribute('aria-colcount'))
    expect(Number(await grid.getAttribute('aria-rowcount'))).toBe(Math.ceil(240 / perRow))
    expect(page.troubles).toEqual([])
  })

  it('paints thumbnails that are the patches', async () => {
    const page = await workbench.open('#/patches/run-small')
    await openGallery(page)
    const set = await openPatchSet(workbench.place.at('data', 'train.h5'))
    const { data } = await set.read([0])
    await set.close()
    const mean = (bytes: Uint8Array, step: number, channel: number) => {
      let sum = 0
      for (let at = channel; at < bytes.length; at += step) sum += bytes[at]
      return (sum * step) / bytes.length
    }
    const expected = [0, 1, 2].map((channel) => mean(data, 3, channel))
    const shownMean = async () => {
      const png = await cells(page).first().locator('.frame').screenshot()
      const picture = await decodeImage(png, 'screenshot')
      return [0, 1, 2].map((channel) => mean(picture.data, 3, channel))
    }
    let shown = await shownMean()
    const isNear = () => shown.every((value, i) => Math.abs(value - expected[i]) < 6)
    for (let i = 0; i < 50 && !isNear(); i++) {
      await page.waitForTimeout(100)
      shown = await shownMean()
    }
    shown.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(6)
    })
  })

  it('filters by split, label, prediction, quality and verdict, and orders by confidence and disagreement', async () => {
    const page = await workbench.open('#/patches/run-small')
    await openGallery(page)
    const counts = async () => Number(/^[\d,]+/.exec(await summary(page).innerText())![0].replace(',', ''))
    const filter = async (name: string, value: string) => {
      await page.getByLabel(name, { exact: true }).selectOption(value)
      await page.waitForTimeout(150)
      return counts()
    }
    expect(await filter('Split', 'test')).toBe(60)
    const tumour = await filter('Label', 'tumour')
    const table = readCsv(readFileSync(workbench.place.at('runs', 'small', 'predictions.csv'), 'utf8'))
    const isTumour = (row: number) => table.split[row] === 'test' && table.label[row] === '1'
    const own = table.id.flatMap((_, row) => (isTumour(row) ? [row] : []))
    expect(tumour).toBe(own.length)
    const cell = await page.getByLabel('Cell', { exact: true }).inputValue()
    const wrong = own.filter((row) => Number(table[cell][row]) < 0.5).length
    if (wrong > 0) expect(await filter('Prediction', 'wrong')).toBe(wrong)
    expect(await filter('Prediction', 'right')).toBe(own.length - wrong)
    await page.getByRole('button', { name: 'Show all' }).click()
    const manifest = JSON.parse(readFileSync(workbench.place.at('runs', 'small', 'manifest.json'), 'utf8'))
    const rejected = Object.values(
      manifest.splits as Record<string, { rejectedByRule: Record<string, number> }>,
    )
      .flatMap(({ rejectedByRule }) => Object.values(rejectedByRule))
      .reduce((sum, count) => sum + count, 0)
    expect(rejected).toBeGreaterThan(0)
    expect(await filter('Quality', 'rejected')).toBe(rejected)
    await page.getByRole('button', { name: 'Show all' }).click()
    expect(await filter('Stain verdict', 'none: ok')).toBe(240)
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByLabel('Order').selectOption('sure')
    await page.waitForTimeout(300)
    const labels = await cells(page).evaluateAll((all) =>
      all.map((one) => one.getAttribute('aria-label') ?? ''),
    )
    const said = labels
      .slice(0, 20)
      .map((label) => /probability of tumour (?:[<>] )?([\d.]+)/.exec(label)?.[1])
    const confidence = said.map((text) => Number(Math.abs(Number(text) - 0.5).toFixed(2)))
    expect(confidence).toEqual([...confidence].sort((a, b) => b - a))
    await page.getByLabel('Order').selectOption('apart')
    expect(await page.getByLabel('Second cell').inputValue()).not.toBe(cell)
    expect(page.troubles).toEqual([])
  })

  it('is used from the keyboard: arrows, Space, Enter, Escape', async () => {
    const page = await workbench.open('#/patches/run-small')
    await openGallery(page)
    const grid = page.getByRole('grid')
    await grid.focus()
    const active = () => grid.getAttribute('aria-activedescendant')
    const perRow = Number(await grid.getAttribute('aria-colcount'))
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    expect(await active()).toBe(`patch-${perRow + 1}`)
    await page.keyboard.press('Space')
    expect(await page.locator(`#patch-${perRow + 1}`).getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('End')
    expect(await active()).toBe('patch-239')
    expect(await page.locator('#patch-239').isVisible()).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('ArrowLeft')
    await page.waitForURL(/run-small\/238$/)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(await summary(page).innerText()).toContain('1 chosen')
    expect(page.troubles).toEqual([])
  })

  it('shows a patch under every stain, its densities, every cell and its nearest training patches', async () => {
    const page = await workbench.open('#/patches/run-small/230')
    const dialog = page.getByRole('dialog')
    await dialog.locator('.stains figure').nth(5).waitFor({ timeout: 60_000 })
    expect(await dialog.locator('.stains figcaption').allInnerTexts()).toHaveLength(6)
    await dialog.locator('.scatter .vector').first().waitFor()
    expect(await dialog.locator('.scatter circle').count()).toBeGreaterThan(50)
    expect(await dialog.locator('.bars tr').count()).toBe(2)
    expect(await dialog.locator('.nearest li').count()).toBe(8)
    await dialog.locator('.nearest button').first().click()
    await page.waitForURL(/run-small\/\d+$/)
    await dialog.getByText('train', { exact: true }).waitFor()
    expect(page.troubles).toEqual([])
  })

  it('doubts a label, marks it, and takes it back', async () => {
    const page = await workbench.open('#/patches/run-small/7')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: 'normal' }).check()
    await dialog.getByLabel('Note').fill('=1+1 <script>alert(1)</script>')
    await dialog.getByRole('button', { name: 'Doubt the label' }).click()
    await dialog.getByRole('button', { name: 'Take it back' }).waitFor()
    const file = workbench.place.at('runs', 'doubts.json')
    expect(JSON.parse(readFileSync(file, 'utf8')).doubts).toMatchObject([
      { as: 'normal', note: '=1+1 <script>alert(1)</script>' },
    ])
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.getByLabel('Marked').selectOption('doubted')
    await expect
      .poll(() => summary(page).innerText())
      .toBe('1 of 240 patches shown, 0 chosen, 1 with a doubted label')
    expect(await page.locator('.cell.doubted').count()).toBe(1)
    await page.getByRole('button', { name: 'Choose all shown' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export the chosen' }).click(),
    ])
    const text = readFileSync(await download.path(), 'utf8')
    expect(text).toContain(",'=1+1 <script>")
    const table = readCsv(text)
    expect(table.doubted_as).toEqual(['normal'])
    expect(table.doubt_note).toEqual(['=1+1 <script>alert(1)</script>'])
    await page.locator('.cell').click()
    await dialog.getByRole('button', { name: 'Take it back' }).click()
    await expect.poll(() => JSON.parse(readFileSync(file, 'utf8')).doubts.length).toBe(0)
    expect(existsSync(file)).toBe(true)
    expect(page.troubles).toEqual([])
  })

  it('exports what was chosen, with the probabilities of every cell', async () => {
    const page = await workbench.open('#/patches/run-small')
    await openGallery(page)
    await page.getByLabel('Split').selectOption('val')
    await page.getByRole('button', { name: 'Choose all shown' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export the chosen' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('run-small-chosen.csv')
    const chosen = readCsv(readFileSync(await download.path(), 'utf8'))
    const table = readCsv(readFileSync(workbench.place.at('runs', 'small', 'predictions.csv'), 'utf8'))
    const known = new Map(table.id.map((id, row) => [`${table.split[row]} ${id}`, row]))
    expect(chosen.id).toHaveLength(60)
    for (const cell of ['none/texture/mlp', 'macenko/texture/mlp']) {
      chosen.id.forEach((id, i) => {
        const row = known.get(`val ${id}`)
        if (row === undefined) expect(chosen.quality_rule[i]).not.toBe('')
        else expect(Number(chosen[cell][i])).toBeCloseTo(Number(table[cell][row]), 6)
      })
    }
  })

  it.each([
    'light',
    'dark',
  ] as const)('has nothing that axe-core finds on %s paper, wide or narrow', async (colorScheme) => {
    for (const width of [390, 1440]) {
      const page = await workbench.open('#/patches/run-small', { colorScheme, width })
      await openGallery(page)
      await expectAccessible(page)
      expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false)
      const patch = await workbench.open('#/patches/run-small/200', { colorScheme, width })
      await patch.locator('.stains figure').nth(5).waitFor({ timeout: 60_000 })
      await patch.locator('.nearest li').first().waitFor()
      await expectAccessible(patch)
    }
  })

  it('says so where the patches of a run cannot be read', async () => {
    const page = await workbench.open('#/patches/run-gone')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').innerText()).toContain("'gone'")
  })
})
