// The stain bench in Chromium: what it makes of pictures are the bytes that Node makes of them.

import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import type { Pixels } from '../../src/base/index.ts'
import { decodeImage, encodePng } from '../../src/files/index.ts'
import { classicalMethods, type StainFit, type StainMethod } from '../../src/stain/browser.ts'
import { renderSyntheticPatch, syntheticDefaults } from '../../src/synthetic/browser.ts'
import { describeWorkbench, expectAccessible, type WatchedPage } from './harness.ts'

const size = 96
const patches = ['train', 'val', 'test'].map((split, i): Pixels => {
  const { pixels } = renderSyntheticPatch(
    { ...syntheticDefaults, size, aberrantShare: 0 },
    split as 'train',
    i,
  )
  return { data: pixels, count: 1, height: size, width: size }
})
const blank: Pixels = { ...patches[0], data: patches[0].data.map(() => 243) }
const names = ['center_0_a.png', 'center_1_b.png', 'center_2_c.png', 'glass.png']

async function dropPictures(
  page: WatchedPage,
  pictures: readonly Pixels[] = [...patches, blank],
): Promise<void> {
  const files = await Promise.all(
    pictures.map(async (picture, i) => ({
      name: names[i],
      mimeType: 'image/png',
      buffer: Buffer.from(await encodePng(picture)),
    })),
  )
  await page.getByLabel('PNG or JPEG pictures').setInputFiles(files)
  await settle(page)
}

// Until what is shown is that of the setting.
// Work begins a moment after a change: the page must be at rest for half a second.
async function settle(page: WatchedPage): Promise<void> {
  for (let rests = 0; rests < 5; ) {
    await page.waitForTimeout(100)
    rests = (await page.locator('.pictures[aria-busy=false]').count()) === 1 ? rests + 1 : 0
  }
}

async function download(page: WatchedPage, name: string): Promise<Pixels> {
  await page.getByRole('button', { name: `Show ${name}` }).click()
  const waiting = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download PNG' }).click()
  const file = await waiting
  return decodeImage(await readFile(await file.path()), file.suggestedFilename())
}

async function normaliseHere(name: string, options: object, references: readonly Pixels[], patch: Pixels) {
  const method = classicalMethods[name as 'macenko'] as unknown as StainMethod<object, StainFit>
  const complete = { ...method.defaults, ...options }
  async function* read() {
    yield* references
  }
  return method.apply(patch, await method.fit(read(), complete), complete)
}

describeWorkbench('the stain bench', (workbench) => {
  it('gives the bytes that Node gives, with every method and a reference', async () => {
    const page = await workbench.open('#/stain')
    await dropPictures(page)
    await page.getByRole('button', { name: `Use ${names[1]} as reference` }).click()
    await settle(page)
    for (const method of Object.keys(classicalMethods)) {
      await page.getByLabel('method', { exact: true }).selectOption(method)
      await settle(page)
      for (const [i, patch] of [...patches, blank].entries()) {
        const expected = await normaliseHere(method, {}, [patches[1]], patch)
        const shown = await download(page, names[i])
        expect(`${method} ${names[i]} ${Buffer.compare(shown.data, expected.pixels.data)}`).toBe(
          `${method} ${names[i]} 0`,
        )
        const verdict = await page.locator('.large > p > b').innerText()
        expect(verdict).toBe(expected.verdicts[0])
      }
    }
    expect(page.troubles).toEqual([])
  })

  it('takes a picture that is dragged onto the reference as such', async () => {
    const page = await workbench.open('#/stain')
    await dropPictures(page, patches)
    await page.getByRole('button', { name: `Show ${names[2]}` }).dragTo(page.locator('.reference h2'))
    await page.getByRole('button', { name: `Do not use ${names[2]} as reference` }).waitFor()
    await settle(page)
    const expected = await normaliseHere('macenko', {}, [patches[2]], patches[0])
    expect(Buffer.compare((await download(page, names[0])).data, expected.pixels.data)).toBe(0)
  })

  it('gives them under changed options, by slider, by number and by choice', async () => {
    const page = await workbench.open('#/stain')
    await dropPictures(page, patches.slice(0, 1))
    const original = await download(page, names[0])
    const slider = page.getByLabel('alpha, slider')
    await slider.focus()
    for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowRight')
    const alpha = Number(await page.getByLabel('alpha', { exact: true }).inputValue())
    expect(alpha).toBeGreaterThan(1)
    await page.getByLabel('percentile', { exact: true }).fill('90')
    await settle(page)
    const changed = await download(page, names[0])
    const expected = await normaliseHere('macenko', { alpha, percentile: 90 }, [], patches[0])
    expect(Buffer.compare(changed.data, expected.pixels.data)).toBe(0)
    expect(Buffer.compare(changed.data, original.data)).not.toBe(0)
    await page.getByLabel('compatibility').selectOption('torchstain')
    await settle(page)
    const other = await normaliseHere(
      'macenko',
      { alpha, percentile: 90, compatibility: 'torchstain' },
      [],
      patches[0],
    )
    expect(Buffer.compare((await download(page, names[0])).data, other.pixels.data)).toBe(0)
    await page.getByText('As a recipe and as commands').click()
    expect(await page.locator('pre').first().innerText()).toContain(
      `{ method: macenko, compatibility: "torchstain", percentile: 90, alpha: ${alpha}, reference: published }`,
    )
    await page.getByLabel('percentile', { exact: true }).fill('900')
    expect(await page.locator('.wrong').innerText()).toBe('expected a number from 0 to 100')
    await page.getByRole('button', { name: 'Reset the options' }).click()
    await settle(page)
    expect(Buffer.compare((await download(page, names[0])).data, original.data)).toBe(0)
    expect(page.troubles).toEqual([])
  })

  it('reads a JPEG as Node does, whatever orientation it states', async () => {
    const page = await workbench.open('#/stain')
    const { data, width, height } = patches[0]
    const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
      .withExif({ IFD0: { Orientation: '6' } })
      .jpeg({ quality: 92 })
      .toBuffer()
    await page.getByLabel('method', { exact: true }).selectOption('none')
    await page
      .getByLabel('PNG or JPEG pictures')
      .setInputFiles({ name: 'turned.jpg', mimeType: 'image/jpeg', buffer: jpeg })
    await settle(page)
    const [here, there] = [await decodeImage(jpeg, 'turned.jpg'), await download(page, 'turned.jpg')]
    expect(Buffer.compare(there.data, here.data)).toBe(0)
  })

  it('tells the distance between centers, which files name and the user can change', async () => {
    const page = await workbench.open('#/stain')
    await dropPictures(page, patches)
    const cells = async () => page.locator('tbody tr').first().locator('td').allInnerTexts()
    const [before, after] = (await cells()).map(Number)
    expect(before).toBeGreaterThan(after)
    for (const name of names.slice(0, 3)) {
      await page.getByLabel(`Center of ${name}`).fill('one')
      await page.keyboard.press('Tab')
    }
    await settle(page)
    await expect.poll(cells, { timeout: 20_000 }).toEqual(['not known', 'not known'])
  })

  it('moves its curtain by the arrow keys', async () => {
    const page = await workbench.open('#/stain')
    await dropPictures(page, patches.slice(0, 1))
    await page.getByLabel('curtain', { exact: true }).check()
    const curtain = page.getByRole('slider', { name: `Curtain of ${names[0]}` })
    await curtain.focus()
    await page.keyboard.press('ArrowLeft')
    expect(await curtain.getAttribute('aria-valuetext')).toBe('49 % before, 51 % after')
    expect(await page.locator('.front').getAttribute('style')).toContain('49%')
    expect(page.troubles).toEqual([])
  })

  it('refuses what is no picture for it, with one notice that says what it is', async () => {
    const page = await workbench.open('#/stain')
    const wide = Buffer.from(await encodePng(patches[0]))
    wide.writeUInt32BE(20_000, 16)
    wide.writeUInt32BE(10_000, 20)
    const bad: [string, Buffer, string][] = [
      ['archive.png', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(60)]), 'got a zip archive'],
      ['huge.png', wide, 'got 20000 x 10000, 200 megapixels'],
      ['cut.png', Buffer.from(await encodePng(patches[0])).subarray(0, 2000), 'got one that ends too early'],
      ['empty.png', Buffer.alloc(0), 'got an empty file'],
      [
        'deep.png',
        await sharp(Buffer.from(await encodePng(patches[0])))
          .toColourspace('rgb16')
          .png()
          .toBuffer(),
        'got 16',
      ],
      ['<img src=x onerror=alert(1)>.png', Buffer.from('<html>'), 'got a web page'],
    ]
    for (const [name, buffer, said] of bad) {
      await page.getByLabel('PNG or JPEG pictures').setInputFiles({ name, mimeType: 'image/png', buffer })
      await page.getByRole('alert').filter({ hasText: said }).waitFor()
      expect(await page.getByRole('alert').count()).toBe(1)
      expect(await page.getByRole('alert').locator('strong').innerText()).toBe(name)
    }
    expect(await page.locator('.shelf li').count()).toBe(0)
    expect(page.troubles).toEqual([])
  })

  it.each([
    'light',
    'dark',
  ] as const)('has samples named SYNTHETIC, and nothing that axe-core finds on %s paper', async (colorScheme) => {
    const page = await workbench.open('#/stain', { colorScheme, width: colorScheme === 'dark' ? 390 : 1280 })
    await page.getByRole('button', { name: 'Use synthetic samples' }).click()
    await page.getByText('SYNTHETIC', { exact: true }).waitFor()
    await settle(page)
    expect(await page.locator('caption').innerText()).toContain('10 pictures, among them SYNTHETIC ones')
    await page.getByText('As a recipe and as commands').click()
    await expectAccessible(page)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(page.troubles).toEqual([])
  })
})
