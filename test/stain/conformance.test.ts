import { existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkStain } from '../../conformance/stain.ts'
import { openRandom, type Pixels } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { stainMethods } from '../../src/stain/index.ts'
import { drawTissue } from './pictures.ts'

// The fixtures hold photographs of tissue and lie beside the repository.
const golden = join(import.meta.dirname, '../../../shared/golden')
const names = existsSync(golden)
  ? readdirSync(golden).filter((name) => /^(stain_|cv2_)/.test(name) && name !== 'stain_images')
  : []
const missed = async (folder: string) =>
  (await checkStain(folder)).filter(({ error, tolerance }) => !(error <= tolerance))

describe('the stain fixtures', () => {
  it.skipIf(names.length === 0)(`are met within their tolerances (skipped without ${golden})`, async () => {
    for (const name of names) {
      const results = await checkStain(join(golden, name))
      expect(results.length).toBeGreaterThan(0)
      expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
    }
  })

  it("hold torchstain's Reinhard to one level, on gray noise as on tissue", async () => {
    const { reinhard } = stainMethods
    const options = { ...reinhard.defaults, compatibility: 'torchstain' as const }
    const images = { target: drawTissue(1, 48), tissue: drawTissue(2, 48), gray_noise: drawGrayNoise(48) }
    const fit = await reinhard.fit(streamOf(images.target), options)
    const found: Record<string, string[]> = {}
    for (const levels of [1, 2]) {
      const folder = await openFixture(images, {
        name: 'stain_torchstain_reinhard',
        target: 'target',
        results: {
          reinhard: {
            target_means: fit.means,
            target_stds: fit.deviations,
            sources: { tissue: {}, gray_noise: {} },
          },
        },
      })
      for (const name of ['tissue', 'gray_noise'] as const) {
        const { pixels } = await reinhard.apply(images[name], fit, options)
        await writeFile(join(folder, `reinhard_${name}.png`), await encodePng(shiftOne(pixels, levels)))
      }
      found[levels] = (await missed(folder)).map(({ quantity }) => quantity)
      await rm(join(folder, '..'), { recursive: true })
    }
    expect(found).toEqual({
      1: [],
      2: ['reinhard_tissue.png', 'reinhard_gray_noise.png'],
    })
  })

  it('compare what their keys name: other percentiles and another number of concentrations', async () => {
    const given = {
      n_tissue_pixels: 0,
      cov_OD: [],
      cov_eigenvalues: [],
      source_HE_rows_are_rgb_columns_are_H_E: [],
      maxC: [],
    }
    const source = {
      ...given,
      C_first7: Array(2).fill(Array(7).fill(0)),
      C_percentiles_5_20: Array(2).fill([0, 0]),
    }
    const folder = await openFixture(
      { target: drawTissue(1, 48), tissue: drawTissue(2, 48) },
      {
        name: 'stain_torchstain_macenko',
        params: { Io: 240, alpha: 1, beta: 0.15 },
        target: 'target',
        fitted_HERef: [],
        fitted_maxCRef: [],
        default_HERef: [],
        default_maxCRef: [],
        results: { tissue: source },
      },
    )
    const errors = Object.fromEntries((await missed(folder)).map(({ quantity, error }) => [quantity, error]))
    await rm(join(folder, '..'), { recursive: true })
    expect(errors['tissue: C_first7']).toBeGreaterThan(0.01)
    expect(errors['tissue: C_percentiles_5_20']).toBeGreaterThan(0.01)
  })
})

async function* streamOf(batch: Pixels): AsyncGenerator<Pixels> {
  yield batch
}

function drawGrayNoise(side: number): Pixels {
  const random = openRandom(1, 'gray noise')
  const levels = Array.from({ length: side * side }, () => random.integer(256))
  return {
    data: Uint8Array.from(levels.flatMap((level) => [level, level, level])),
    count: 1,
    height: side,
    width: side,
  }
}

// The picture with one value off by `levels`.
function shiftOne(batch: Pixels, levels: number): Pixels {
  const data = batch.data.slice()
  const at = data.findIndex((value) => value > 10 && value < 240)
  data[at] += levels
  return { ...batch, data }
}

// A fixture in a folder of its own, its inputs beside it as those of the stain fixtures are.
async function openFixture(images: Readonly<Record<string, Pixels>>, config: object): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'eosin-conformance-'))
  for (const name of ['stain_images', 'fixture']) await mkdir(join(root, name))
  for (const [name, image] of Object.entries(images))
    await writeFile(join(root, 'stain_images', `${name}.png`), await encodePng(image))
  await writeFile(join(root, 'fixture/config.json'), JSON.stringify(config))
  return join(root, 'fixture')
}
