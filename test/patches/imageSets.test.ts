// The three readers of image files, each on its data set's true layout.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { describePatches, openPatchSet, selectPatches } from '../../src/patches/index.ts'
import { makeTemporaryFolder, noise, noiseBatch } from './fixtures.ts'

const inFolder = makeTemporaryFolder()

function save(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

async function savePng(path: string, seed: number, side = 96): Promise<void> {
  save(path, await encodePng(pixels(noise(seed, side), 1, side, side)))
}

describe('the WILDS reader', () => {
  const header = ',patient,node,x_coord,y_coord,tumor,slide,center,split'
  const rows = [
    '0,004,4,3328,21792,1,0,0,0',
    '1,004,4,3200,22272,0,0,0,1',
    '2,020,4,6560,7424,1,10,1,0',
    '3,040,1,4000,5000,0,20,2,0',
    '4,060,3,1,2,0,30,3,0',
  ]

  async function write(name: string, lines = rows): Promise<string> {
    const root = inFolder(name)
    save(`${root}/metadata.csv`, `${[header, ...lines].join('\n')}\n`)
    for (const [seed, line] of rows.entries()) {
      const [, patient, node, x, y] = line.split(',')
      const folder = `patient_${patient}_node_${node}`
      // The data set's files are RGBA, opaque.
      const rgb = noise(seed)
      const rgba = Uint8Array.from({ length: 96 * 96 * 4 }, (_, i) =>
        i % 4 === 3 ? 255 : rgb[(i >> 2) * 3 + (i % 4)],
      )
      const png = await sharp(rgba, { raw: { width: 96, height: 96, channels: 4 } })
        .png()
        .toBuffer()
      save(`${root}/patches/${folder}/patch_${folder}_x_${x}_y_${y}.png`, png)
    }
    return root
  }

  it('reads metadata.csv and RGBA patches, and counts the official parts', async () => {
    const root = await write('wilds')
    const set = await openPatchSet(root)
    expect(await describePatches(set)).toMatchObject({
      format: 'wilds',
      count: 5,
      parts: { train: 2, id_val: 1, val: 1, test: 1 },
      labels: { 0: 3, 1: 2 },
      centers: { 0: 2, 1: 1, 2: 1, 3: 1 },
      slides: { 0: 2, 10: 1, 20: 1, 30: 1 },
      patients: { 4: 2, 20: 1, 40: 1, 60: 1 },
      origin: 'real',
      licence: 'CC0-1.0',
    })
    expect(set.ids[0]).toBe('patch_patient_004_node_4_x_3328_y_21792')
    expect(selectPatches(set, [3, 0]).patients).toEqual(['40', '4'])
    expect(await set.read([4, 0])).toEqual(noiseBatch([4, 0]))
  })

  it('opens one part', async () => {
    const root = await write('wildsParts')
    const chosen = { train: ['0', '3'], id_val: ['0'], val: ['1'], test: ['2'] }
    for (const [part, centers] of Object.entries(chosen)) {
      expect((await openPatchSet(root, { part })).centers).toEqual(centers)
    }
    await expect(openPatchSet(root, { part: 'vall' })).rejects.toThrow("did you mean 'val'?")
    const some = await write('wildsSome', [rows[0], rows[2]])
    await expect(openPatchSet(some, { part: 'id_val' })).rejects.toThrow(
      "expected patches of part 'id_val', got none; it has 1 of train, 1 of val",
    )
  })

  it('reads numbers as other programs rewrite them, so that val and test centers stay held out', async () => {
    const root = await write(
      'wildsPandas',
      rows.map((row) =>
        row
          .split(',')
          .map((word) => `${Number(word).toFixed(1)}`)
          .join(','),
      ),
    )
    const plain = await write('wildsPlain')
    for (const part of ['train', 'id_val', 'val', 'test'] as const) {
      const [rewritten, original] = [await openPatchSet(root, { part }), await openPatchSet(plain, { part })]
      for (const key of ['ids', 'centers', 'slides', 'labels'] as const)
        expect(rewritten[key]).toEqual(original[key])
      expect(await rewritten.read([0])).toEqual(await original.read([0]))
    }
  })

  it.each([
    ['a center', '5,060,3,9,9,0,30,x,0', "center 'x', not a whole number (row 7 of metadata.csv)"],
    ['a center that is missing', '5,060,3,9,9,0,30,,0', "center '', not a whole number"],
    ['a center that is a fraction', '5,060,3,9,9,0,30,1.5,0', "center '1.5', not a whole number"],
    ['a split', '5,060,3,9,9,0,30,3,2', "split '2' of center 3, not 0 or 1"],
    ['a slide', '5,060,3,9,9,0,nan,3,0', "slide 'nan', not a whole number"],
    ['a patch twice', rows[0], 'listed twice'],
  ])('names the row with %s that it cannot place', async (_, row, problem) => {
    const root = await write('wildsUnknown', [...rows, row])
    await expect(openPatchSet(root, { part: 'val' })).rejects.toThrow(problem)
  })

  it('takes booleans for labels, as pandas writes them', async () => {
    const words = rows.map((row) =>
      row.replace(
        /^((?:[^,]*,){5})([01])/,
        (_, before, label) => `${before}${label === '1' ? 'True' : 'False'}`,
      ),
    )
    expect(words.join()).toContain('True')
    const [plain, told] = [
      await openPatchSet(await write('wildsPlain')),
      await openPatchSet(await write('wildsTrue', words)),
    ]
    expect(told.labels).toEqual(plain.labels)
    const { ids } = await openPatchSet(await write('wildsPart'), { part: 'validation' })
    expect(ids).toHaveLength(1)
  })

  it('takes the splits that the WILDS package writes for its held-out centers', async () => {
    const root = await write('wildsSplits', [
      ...rows.slice(0, 2),
      rows[2].replace(/0$/, '3'),
      rows[3].replace(/0$/, '2'),
      rows[4],
    ])
    expect((await openPatchSet(root)).parts).toEqual({ train: 2, id_val: 1, val: 1, test: 1 })
  })

  it('names the patch with another label, the missing column and the missing file', async () => {
    const root = await write('wildsOdd', [...rows, '5,060,3,9,9,7,30,3,0'])
    await expect(openPatchSet(root)).rejects.toThrow(
      /patch_patient_060_node_3_x_9_y_9: got label '7', not 0 or 1/,
    )
    const set = await openPatchSet(root, { isTolerant: true })
    await expect(set.read([5])).rejects.toThrow(/x_9_y_9\.png: got no such file/)
    save(`${root}/metadata.csv`, 'patient,node\n1,2\n')
    await expect(openPatchSet(root)).rejects.toThrow(
      /metadata\.csv: expected the columns patient, node, x_coord/,
    )
  })
})

describe('the Histopathologic Cancer Detection reader', () => {
  const ids = ['f38a6374c348f90b587e046aac6079959adf3835', 'c18f2d887b7ae4f6742ee445113fa1aef383ed77']

  async function saveTif(path: string, seed: number) {
    save(
      path,
      await sharp(noise(seed), { raw: { width: 96, height: 96, channels: 3 } })
        .tiff({ compression: 'none' })
        .toBuffer(),
    )
  }

  it('reads train with labels, and test without', async () => {
    const root = inFolder('hcd')
    save(`${root}/train_labels.csv`, `id,label\n${ids[0]},0\n${ids[1]},1\n`)
    for (const [seed, id] of ids.entries()) await saveTif(`${root}/train/${id}.tif`, seed)
    await saveTif(`${root}/test/0b2ea2a822ad23fdb1b5dd26653da899fbd2c0d5.tif`, 5)
    const set = await openPatchSet(root)
    expect(await describePatches(set)).toMatchObject({
      format: 'hcd',
      count: 2,
      parts: { train: 2, test: 1 },
      labels: { 0: 1, 1: 1 },
      centers: null,
      slides: null,
      patients: null,
      storage: 'tif files',
    })
    expect(set.ids).toEqual(ids)
    expect(await set.read([1, 0])).toEqual(noiseBatch([1, 0]))
    const test = await openPatchSet(root, { part: 'test' })
    expect([test.count, test.labels]).toEqual([1, null])
    expect(await test.read([0])).toEqual(noiseBatch([5]))
  })
})

describe('the Histopathologic Cancer Detection reader on files as people keep them', () => {
  it('takes ids that end in .tif and labels in words, and names what lies beside', async () => {
    const root = inFolder('hcdHabits')
    const tif = await sharp(noise(0), { raw: { width: 96, height: 96, channels: 3 } })
      .tiff({ compression: 'none' })
      .toBuffer()
    for (const name of ['a.tif', 'b.TIF', 'c.tif', '._a.tif']) save(`${root}/train/${name}`, tif)
    save(`${root}/train_labels.csv`, 'Id;Label\na.tif;Tumor\nb.tif;normal\n')
    const set = await openPatchSet(root)
    expect([set.ids, set.labels]).toEqual([['a', 'b'], Uint8Array.of(1, 0)])
    expect((await set.read([1])).count).toBe(1)
    expect(set.leftOut).toEqual([
      { id: '._a.tif', problem: 'hidden' },
      { id: 'c', problem: 'not in train_labels.csv' },
    ])
    save(`${root}/train_labels.csv`, 'id,label\na.tif,1\na,0\n')
    await expect(openPatchSet(root)).rejects.toThrow('a: got listed twice')
  })
})

describe('the folder reader', () => {
  it('takes <center>/<label>/ from the folders', async () => {
    const root = inFolder('folders')
    await savePng(`${root}/nijmegen/1/b.png`, 0)
    await savePng(`${root}/nijmegen/normal/a.png`, 1)
    await savePng(`${root}/utrecht/0/a.png`, 2)
    save(`${root}/notes.txt`, 'not an image')
    const set = await openPatchSet(root)
    expect(set.format).toBe('folder')
    expect(set.ids).toEqual(['nijmegen/1/b.png', 'nijmegen/normal/a.png', 'utrecht/0/a.png'])
    expect(set.centers).toEqual(['nijmegen', 'nijmegen', 'utrecht'])
    expect(set.labels).toEqual(Uint8Array.of(1, 0, 0))
    expect(await set.read([2, 0])).toEqual(noiseBatch([2, 0]))
  })

  it('does without labels, or without centers', async () => {
    await savePng(inFolder('flat', 'a.png'), 0)
    await savePng(inFolder('labels', '1', 'a.png'), 0)
    await savePng(inFolder('centers', 'utrecht', 'a.png'), 0)
    const open = async (name: string) => {
      const { centers, labels } = await openPatchSet(inFolder(name))
      return [centers, labels && Array.from(labels)]
    }
    expect(await open('flat')).toEqual([null, null])
    expect(await open('labels')).toEqual([null, [1]])
    expect(await open('centers')).toEqual([['utrecht'], null])
  })

  it('reads a table of path,label,center,slide, with what columns it has', async () => {
    await savePng(inFolder('table', 'images', 'a.png'), 0)
    await savePng(inFolder('table', 'images', 'b.png'), 1)
    const path = inFolder('table', 'patches.csv')
    save(path, 'path,label,center,slide\nimages/b.png,1,A,s1\nimages/a.png,0,B,\n')
    const set = await openPatchSet(path)
    expect([set.ids, set.centers, set.slides]).toEqual([
      ['images/b.png', 'images/a.png'],
      ['A', 'B'],
      ['s1', '?'],
    ])
    expect(await set.read([0, 1])).toEqual(noiseBatch([1, 0]))
    save(path, 'path\nimages/a.png\n')
    const bare = await openPatchSet(path)
    expect([bare.labels, bare.centers, bare.slides]).toEqual([null, null, null])
  })

  it('names the image with another label, of another size, missing, or listed twice', async () => {
    await savePng(inFolder('odd', 'a.png'), 0)
    await savePng(inFolder('odd', 'small.png'), 1, 48)
    const path = inFolder('odd', 'patches.csv')
    save(path, 'path,label\na.png,2\n')
    await expect(openPatchSet(path)).rejects.toThrow(/a\.png: got label '2', not 0 or 1/)
    save(path, 'path,label\na.png,1\na.png,1\n')
    await expect(openPatchSet(path)).rejects.toThrow(/a\.png: got listed twice/)
    save(path, 'path\na.png\nsmall.png\nnone.png\n')
    const set = await openPatchSet(path)
    await expect(set.read([0, 1])).rejects.toThrow(/small\.png: expected 96x96 pixels, got 48x48/)
    await expect(set.read([2])).rejects.toThrow(/none\.png: got no such file/)
  })

  it('has a fingerprint of its content, wherever it lies', async () => {
    const fingerprint = async (name: string) => (await openPatchSet(inFolder(name))).fingerprint()
    for (const name of ['one', 'two']) await savePng(inFolder(name, '1', 'a.png'), 0)
    await savePng(inFolder('three', '1', 'a.png'), 1)
    await savePng(inFolder('four', '0', 'a.png'), 0)
    expect(await fingerprint('one')).toBe(await fingerprint('two'))
    expect(await fingerprint('one')).not.toBe(await fingerprint('three'))
    expect(await fingerprint('one')).not.toBe(await fingerprint('four'))
  })
})
