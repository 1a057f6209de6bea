// The synthetic challenge on disk: the layout of the challenge, the truth beside it, whole or not at all.

import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashFile, openHdf5, openNpy } from '../../src/files/index.ts'
import { openPatchSet } from '../../src/patches/index.ts'
import {
  makeSyntheticChallenge,
  renderSyntheticBatch,
  renderSyntheticPatch,
  syntheticDefaults,
} from '../../src/synthetic/index.ts'

const options = { ...syntheticDefaults, counts: { train: 12, val: 4, test: 5 } }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synthetic-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const readTable = async (path: string) => {
  const [head, ...lines] = (await readFile(path, 'utf8')).trim().split('\n')
  const names = head.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i], value])))
}

describe('makeSyntheticChallenge', () => {
  it('writes one group a patch with img, label and metadata, and withholds them in test', async () => {
    const paths = await makeSyntheticChallenge(join(folder, 'made'), options)
    const train = await openHdf5(paths.train)
    expect((await train.list('/')).length).toBe(12)
    expect(await train.readText('eosin_origin')).toBe('synthetic')
    for (const index of [0, 7, 11]) {
      const patch = renderSyntheticPatch(options, 'train', index)
      const image = (await train.readNumbers(`${index}/img`, 3 * 96 * 96))!
      expect(Math.round(image[95 * 96 + 3] * 255)).toBe(patch.pixels[3 * (95 * 96 + 3)])
      expect(Math.round(image[2 * 96 * 96] * 255)).toBe(patch.pixels[2])
      expect(Array.from((await train.readNumbers(`${index}/label`))!)).toEqual([patch.label])
      expect(Array.from((await train.readNumbers(`${index}/metadata`))!)).toEqual([
        Number(patch.center),
        patch.slide,
      ])
    }
    await train.close()
    const test = await openHdf5(paths.test)
    expect((await test.list('/')).length).toBe(5)
    expect(await test.readNumbers('3/label')).toBeUndefined()
    expect(await test.readNumbers('3/metadata')).toBeUndefined()
    await test.close()
  })

  it('keeps the truth of every patch, the labels of test above all', async () => {
    const made = join(folder, 'made')
    await makeSyntheticChallenge(made, options)
    const truth = await readTable(join(made, 'test_truth.csv'))
    for (const [index, row] of truth.entries()) {
      const patch = renderSyntheticPatch(options, 'test', index)
      expect([row.id, row.label, row.center]).toEqual([`${index}`, `${patch.label}`, '2'])
      expect(Number(row.h_g)).toBeCloseTo(patch.truth.stains.hematoxylin[1], 5)
      expect(Number(row.e_strength)).toBeCloseTo(patch.truth.stains.strength[1], 5)
    }
    expect(truth.length).toBe(5)
    await rm(made, { recursive: true })
    await makeSyntheticChallenge(made, { ...options, truth: 'none' })
    expect((await readdir(made)).filter((name) => name.endsWith('.csv'))).toEqual(['test_truth.csv'])
  })

  it('writes concentration maps on request, one row a patch', async () => {
    await makeSyntheticChallenge(folder, { ...options, size: 40, truth: 'maps' })
    const maps = await openNpy(join(folder, 'val_hematoxylin.npy'))
    expect(maps.shape).toEqual([4, 1600])
    const { truth } = renderSyntheticPatch({ ...options, size: 40 }, 'val', 2)
    expect(await maps.readRows(2, 1)).toEqual(truth.maps.hematoxylin)
    await maps.close()
  })

  it('is read back as the patches it was made of, and as synthetic', async () => {
    const paths = await makeSyntheticChallenge(join(folder, 'made'), options)
    const set = await openPatchSet(paths.train)
    expect([set.format, set.origin, set.licence, set.count]).toEqual([
      'challenge',
      'synthetic',
      'CC0-1.0',
      12,
    ])
    const { pixels, center, slide, label } = renderSyntheticPatch(options, 'train', 10)
    const row = set.ids.indexOf('10')
    expect((await set.read([row])).data).toEqual(pixels)
    expect([set.centers![row], set.slides![row], set.labels![row]]).toEqual([center, `${slide}`, label])
    await set.close()
  })

  it('hands its work to a renderer, and writes the same bytes however late that answers', async () => {
    const counts = { train: 300, val: 1, test: 1 }
    const small = { ...options, size: 32, counts }
    const plain = await makeSyntheticChallenge(join(folder, 'a'), small)
    let tasks = 0
    const late = await makeSyntheticChallenge(join(folder, 'b'), small, undefined, async (task) => {
      const delay = 3 * (tasks++ % 4)
      await new Promise((resume) => setTimeout(resume, delay))
      return renderSyntheticBatch(task)
    })
    expect(tasks).toBe(12)
    expect(await hashFile(late.train)).toBe(await hashFile(plain.train))
  })

  it('gives the same bytes again', async () => {
    const first = await makeSyntheticChallenge(join(folder, 'a'), options)
    const second = await makeSyntheticChallenge(join(folder, 'b'), options)
    for (const split of ['train', 'val', 'test'] as const) {
      expect(await hashFile(second[split])).toBe(await hashFile(first[split]))
    }
  })

  it('leaves nothing when it is interrupted, and reports how far it is', async () => {
    const made = join(folder, 'made')
    const stop = () => {
      throw new Error('stopped')
    }
    await expect(makeSyntheticChallenge(made, options, stop)).rejects.toThrow('stopped')
    expect(await readdir(folder)).toEqual([])
    const seen: number[] = []
    await makeSyntheticChallenge(made, options, (done, total) => seen.push(done / total!))
    expect(seen.at(-1)).toBe(1)
  })

  it('says where it cannot write', async () => {
    const file = join(folder, 'taken')
    await writeFile(file, 'a file, not a folder')
    await expect(makeSyntheticChallenge(file, options)).rejects.toThrow(/taken/)
    expect(existsSync(join(folder, '.taken.partial'))).toBe(false)
  })
})
