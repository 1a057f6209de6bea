import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { writeRecipe } from '../serve/workplace.ts'
import { expectAccessible } from './harness.ts'
import { describeServed } from './serverHarness.ts'

describeServed('the page Runs', (workbench) => {
  it('lists the runs with accuracy, interval and origin, and what is wrong with one', async () => {
    const { at } = workbench.place
    cpSync(at('runs', 'small'), at('runs', 'half'), { recursive: true })
    rmSync(at('runs', 'half', 'metrics.json'))
    const page = await workbench.open('#/runs')
    await page.getByRole('link', { name: 'small' }).waitFor()
    const metrics = JSON.parse(readFileSync(at('runs', 'small', 'metrics.json'), 'utf8'))
    const chosen = metrics.cells.find((cell: { id: string }) => cell.id === metrics.chosen)
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'small' }) })
    expect(await row.innerText()).toContain(`${(100 * chosen.test.accuracy.value).toFixed(1)} % (`)
    expect(await row.innerText()).toContain('SYNTHETIC')
    const half = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'half' }) })
    expect(await half.innerText()).toMatch(/damaged/)
    expect(await half.innerText()).toMatch(/metrics\.json/)
    expect(page.troubles).toEqual([])
    rmSync(at('runs', 'half'), { recursive: true })
  })

  it('shows a run: its cells, and its report in a frame of no origin', async () => {
    const page = await workbench.open('#/runs')
    await page.getByRole('link', { name: 'small' }).click()
    await page.getByRole('heading', { name: 'Cells' }).waitFor()
    expect(await page.locator('tr.chosen').count()).toBe(1)
    const frame = page.frameLocator('iframe.report')
    await frame.getByRole('heading', { level: 1, name: 'small' }).waitFor()
    const inside = page.frames().find((one) => one.url().includes('/report'))!
    expect(await inside.evaluate('origin')).toBe('null')
    const reach = () =>
      fetch('/api/runs').then(
        (answer) => answer.status,
        () => 'refused',
      )
    expect(await inside.evaluate(reach)).toBe('refused')
  })

  it('compares two runs', async () => {
    const { at } = workbench.place
    cpSync(at('runs', 'small'), at('runs', 'twin'), { recursive: true })
    const page = await workbench.open('#/runs')
    await page.getByRole('checkbox', { name: 'Compare small' }).check()
    await page.getByRole('checkbox', { name: 'Compare twin' }).check()
    await page.getByRole('link', { name: 'Compare small with twin' }).click()
    const cells = page.getByRole('row').filter({ hasText: 'macenko/texture/mlp' })
    await cells.first().waitFor()
    expect(await cells.count()).toBe(2)
    expect(await cells.first().innerText()).toContain('0.0 (')
    rmSync(at('runs', 'twin'), { recursive: true })
    expect(page.troubles).toEqual([])
  })

  it('starts a study, shows how far it is, cancels it and goes on with it', async () => {
    writeRecipe(
      workbench.place,
      'long',
      '',
      'stain: [none]\nembed: [texture]\nclassify: [{ head: mlp, epochs: 3000, patience: 3000 }]',
    )
    const page = await workbench.open('#/runs')
    await page.getByLabel('Recipe').selectOption({ label: 'long (data/long.yaml)' })
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('heading', { level: 1, name: 'long' }).waitFor()
    await page
      .getByText(/steps done, \d in work; about|steps done, \d in work; when/)
      .waitFor({ timeout: 60_000 })
    expect(await page.locator('progress').getAttribute('max')).not.toBeNull()
    await page.getByRole('button', { name: 'Cancel the study' }).click()
    await page.getByRole('button', { name: 'Stop it' }).click()
    await page.getByText('stopped, last written').waitFor({ timeout: 30_000 })
    expect(await page.locator('.log').innerText()).toContain('goes on from here')
    await page.getByRole('button', { name: 'Go on with the study' }).click()
    await page.getByText('running, last written').waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Cancel the study' }).click()
    await page.getByRole('button', { name: 'Stop it' }).click()
    await page.getByText('stopped, last written').waitFor({ timeout: 30_000 })
    expect(page.troubles).toEqual([])
  }, 150_000)

  it('shows the name of a run and its errors as text, whatever they hold', async () => {
    const { at } = workbench.place
    cpSync(at('runs', 'small'), at('runs', 'odd'), { recursive: true })
    const script = '<img src=x onerror="document.title=1">'
    writeFileSync(at('runs', 'odd', 'study.json'), JSON.stringify({ format: script }))
    const page = await workbench.open('#/runs')
    await page.getByText(script).waitFor()
    expect(await page.locator('main img').count()).toBe(0)
    expect(page.troubles).toEqual([])
    rmSync(at('runs', 'odd'), { recursive: true })
  })

  it.each([
    'light',
    'dark',
  ] as const)('has nothing that axe-core finds on %s paper, wide or narrow', async (colorScheme) => {
    for (const width of [390, 1440]) {
      const list = await workbench.open('#/runs', { colorScheme, width })
      await list.getByRole('link', { name: 'small' }).waitFor()
      await expectAccessible(list)
      const run = await workbench.open('#/runs/small', { colorScheme, width })
      await run.getByRole('heading', { name: 'Cells' }).waitFor()
      await run.locator('summary').first().click()
      await expectAccessible(run)
      const isCut = await run.evaluate('document.documentElement.scrollWidth > innerWidth')
      expect(isCut).toBe(false)
    }
  })
})
