import { expect, it } from 'vitest'
import { describeWorkbench, expectAccessible } from './harness.ts'

describeWorkbench('the frame', (workbench) => {
  it('shows the pages of a static host, the first of them at once', async () => {
    const page = await workbench.open('')
    expect(await page.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual(['Stain', 'Predict'])
    expect(await page.title()).toBe('Stain · Eosin workbench')
    expect(await page.locator('nav a[aria-current=page]').innerText()).toBe('Stain')
    expect(page.troubles).toEqual([])
  })

  it('loads less than 400 KB before the first page stands', async () => {
    const before = workbench.host.served.length
    await workbench.open('')
    const bytes = workbench.host.served.slice(before).reduce((sum, { bytes }) => sum + bytes, 0)
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThan(400_000)
  })

  it('goes from page to page by links and by the buttons of the browser', async () => {
    const page = await workbench.open('#/stain')
    await page.getByRole('link', { name: 'Predict' }).click()
    await page.getByRole('heading', { name: 'Predict', level: 1 }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Stain normalisation', level: 1 }).waitFor()
    expect(page.troubles).toEqual([])
  })

  it('says so where there is no such page, also for those that need the server', async () => {
    for (const hash of ['#/nothing', '#/runs', '#/%E0%A4%A']) {
      const page = await workbench.open(hash)
      expect(await page.locator('h1').innerText()).toBe('There is no such page')
    }
  })

  it('can be used from the keyboard: the first key leads past the navigation', async () => {
    const page = await workbench.open('')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.locator('#main:focus').count()).toBe(1)
  })

  it.each(['light', 'dark'] as const)('has nothing that axe-core finds on %s paper', async (colorScheme) => {
    for (const hash of ['#/stain', '#/predict', '#/nothing']) {
      await expectAccessible(await workbench.open(hash, { colorScheme }))
    }
  })
})
