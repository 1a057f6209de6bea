// Recipes that ask of their splits what those do not hold: the plan and the run refuse them alike, before anything is computed.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChallengeFile } from '../../src/patches/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import { planStudy, runStudy } from '../../src/study/index.ts'
import { noise } from '../patches/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-feasible-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const side = 32
async function writeFile(
  name: string,
  first: number,
  centers: readonly number[],
  labels: readonly number[],
  width = side,
) {
  const file = await createChallengeFile(at(name), { height: side, width, origin: 'synthetic' })
  for (let i = 0; i < 8; i++) {
    const image = noise(first + i, width).slice(0, side * width * 3)
    const [center, label] = [centers[i % centers.length], labels[(i >> 1) % labels.length]]
    file.append({ id: `${i}`, image, label, center, slide: i })
  }
  await file.close()
}

beforeAll(async () => {
  await writeFile('train.h5', 0, [0, 3], [0, 1])
  await writeFile('one.h5', 20, [0], [0, 1])
  await writeFile('val.h5', 40, [1], [0, 1])
  await writeFile('normal.h5', 60, [1], [0])
  await writeFile('oblong.h5', 80, [0], [0, 1], 48)
  await writeFile('oblong2.h5', 100, [1], [0, 1], 48)
})

interface Asked {
  readonly train?: string
  readonly val?: string
  readonly stain?: string
  readonly classify?: string
  readonly embed?: string
}

const recipeOf = ({
  train = 'train.h5',
  val = 'val.h5',
  stain = 'none',
  classify = 'logistic',
  embed = 'texture',
}: Asked) =>
  parseRecipe(
    `name: f\nseeds: 1\ndata: { train: { path: ${train} }, val: { path: ${val} } }
stain: [${stain}]\nembed: [${embed}]\nclassify: [${classify}]\n`,
    { where: 'r.yaml', folder },
  )

async function refusals(asked: Asked): Promise<unknown[]> {
  const recipe = recipeOf(asked)
  const observer = { step: () => ({ progress: () => {}, end: () => {} }) }
  const options = { out: at('runs'), cache: at('cache'), device: 'cpu', threads: 1, observer }
  const ways = [planStudy(recipe, at('cache'), { device: 'cpu' }), runStudy(recipe, options)]
  return (await Promise.allSettled(ways)).map((way) => (way.status === 'rejected' ? way.reason : null))
}

describe('a recipe that its splits cannot serve', () => {
  it.each<[string, Asked, string, RegExp]>([
    [
      'a reference of a center that is not there',
      { stain: '{ method: macenko, reference: { center: 9 } }' },
      'RecipeError',
      /stain macenko reference: expected a center of .*train.h5 \(0, 3\), got 9/,
    ],
    [
      'a reference of ids that are not there',
      { stain: '{ method: reinhard, reference: { ids: ["0", "x"] } }' },
      'RecipeError',
      /stain reinhard reference: expected an id of .*train.h5, got x/,
    ],
    [
      'a learned stain of a center that is not there',
      { stain: '{ method: cyclegan, reference: { center: 9 } }' },
      'RecipeError',
      /expected a center \(0, 3\) of .*train.h5, got 9/,
    ],
    [
      'a learned stain of one center',
      { train: 'one.h5', stain: 'cyclegan' },
      'RecipeError',
      /expected a source center beside the target 0, got none/,
    ],
    [
      'a learned stain of a side that does not fit the patches',
      { stain: '{ method: cyclegan, side: 64 }' },
      'RecipeError',
      /stain side: expected a multiple of 4 up to the patches' 32, got 64/,
    ],
    [
      'one class after limit',
      { train: 'train.h5, limit: 1' },
      'RecipeError',
      /data.train: expected tumour and normal patches, got 1 (normal|tumour) patch; raise limit/,
    ],
    [
      'a file of one class',
      { val: 'normal.h5' },
      'DataError',
      /val \(.*normal.h5\): expected tumour and normal patches, got 8 patches, all normal/,
    ],
    [
      'views of patches that are not square',
      { train: 'oblong.h5', val: 'oblong2.h5', embed: 'texture, { extractor: texture, views: 8 }' },
      'ShapeError',
      /embed texture-views views: expected square patches for 8 views, got 32x48; leave views out/,
    ],
    [
      'more neighbours than training patches',
      { classify: '{ head: knn, k: 9 }' },
      'RecipeError',
      /classify knn k: expected at most 8, the training patches, got 9/,
    ],
  ])('is refused by plan and run alike: %s', async (_, asked, name, said) => {
    const [planned, ran] = (await refusals(asked)) as Error[]
    expect(planned.message).toMatch(said)
    expect(ran.message).toBe(planned.message)
    expect([planned.constructor.name, ran.constructor.name]).toEqual([name, name])
    for (const stage of ['quality', 'stain', 'embed']) expect(existsSync(at('cache', stage))).toBe(false)
  })

  it('while one that they can serve is planned', async () => {
    const { steps } = await planStudy(
      recipeOf({
        stain: 'none, { method: macenko, reference: { center: 3 } }, { method: cyclegan, side: 32 }',
      }),
      at('cache'),
      { device: 'cpu' },
    )
    expect(steps.length).toBeGreaterThan(8)
  })
})
