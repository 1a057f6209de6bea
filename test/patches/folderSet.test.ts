// What the folder reader makes of the folders and tables that people have: read in the one way that is certain, or
// refused with the ways to say it.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { checkPatches, describePatches, type OpenOptions, openPatchSet } from '../../src/patches/index.ts'
import { makeTemporaryFolder, noise } from './fixtures.ts'

const inFolder = makeTemporaryFolder()
const png = await encodePng(pixels(noise(0, 8), 1, 8, 8))
let folders = 0

function save(path: string, content: Uint8Array | string = png): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** A folder with the same small picture at each of these paths. */
function makeFolder(...paths: readonly string[]): string {
  const root = inFolder(`set${folders++}`)
  for (const path of paths) save(`${root}/${path}`)
  return root
}

async function read(root: string, options: OpenOptions = {}) {
  const set = await openPatchSet(root, options)
  const { layout, parts, centers, slides, labels } = set
  return { layout, parts, centers, slides, labels: labels && Array.from(labels) }
}

describe('folders of pictures', () => {
  it('named as classes are labels, not centers', async () => {
    for (const [normal, tumour] of [
      ['benign', 'malignant'],
      ['Negative', 'Positive'],
      ['normal', 'tumour'],
      ['0', '1'],
    ]) {
      const set = await read(makeFolder(`${normal}/a.png`, `${tumour}/b.png`))
      const expected = [normal, tumour].sort().map((name) => Number(name === tumour))
      expect(set).toMatchObject({ layout: 'folders: label', centers: null, labels: expected })
    }
  })

  it('named as parts are parts, in the usual layout of image folders', async () => {
    const root = makeFolder(
      'train/tumor/a.png',
      'train/normal/b.png',
      'valid/normal/c.png',
      'test/tumor/d.png',
    )
    const parts = { train: 2, val: 1, test: 1 }
    const layout = 'folders: part / label'
    expect(await read(root)).toMatchObject({ layout, parts, centers: null, labels: [1, 0, 1, 0] })
    expect(await read(root, { part: 'train' })).toMatchObject({ layout, parts, labels: [0, 1] })
    expect(await read(root, { part: 'val' })).toMatchObject({ layout, parts, labels: [0] })
    expect((await openPatchSet(root, { part: 'val' })).ids).toEqual(['valid/normal/c.png'])
  })

  it.each([
    ['center / label', ['ams/0/a.png', 'utr/1/b.png'], { centers: ['ams', 'utr'], labels: [0, 1] }],
    ['center / label', ['0/0/a.png', '3/1/b.png'], { centers: ['0', '3'], labels: [0, 1] }],
    ['center / label', ['0/normal/a.png', '1/tumor/b.png'], { centers: ['0', '1'], labels: [0, 1] }],
    [
      'label / center',
      ['benign/ams/a.png', 'malignant/utr/b.png'],
      { centers: ['ams', 'utr'], labels: [0, 1] },
    ],
    [
      'part / center / label',
      ['train/ams/0/a.png', 'val/utr/1/b.png'],
      { centers: ['ams', 'utr'], labels: [0, 1] },
    ],
    ['part / label / center', ['train/benign/ams/a.png', 'val/malignant/utr/b.png'], { labels: [0, 1] }],
    ['center / part / label', ['ams/train/0/a.png', 'utr/val/1/b.png'], { centers: ['ams', 'utr'] }],
    ['center', ['02/a.png', '3/b.png'], { centers: ['2', '3'], labels: null }],
    ['part / center', ['train/ams/a.png', 'val/utr/b.png'], { parts: { train: 1, val: 1 } }],
  ])('are read as %s: %j', async (layout, paths, expected) => {
    expect(await read(makeFolder(...paths))).toMatchObject({ layout: `folders: ${layout}`, ...expected })
  })

  it.each([
    [
      '0 and 1 twice',
      ['0/0/a.png', '1/1/b.png'],
      'two levels of 0 and 1: 0, 1 / 0, 1; say what each level is',
    ],
    ['0 and 1 above names', ['0/s1/a.png', '1/s2/b.png'], '0 and 1, which may be centers or labels'],
    [
      'two levels of names',
      ['ams/s1/a.png', 'utr/s2/b.png'],
      'two levels that are neither parts nor labels: ams, utr / s1, s2',
    ],
    [
      'a class that is not known',
      ['normal/a.png', 'tumor/b.png', 'stroma/c.png'],
      '--label-names stroma=0 or =1',
    ],
    ['a part that is not known', ['train/a.png', 'extra/b.png'], 'all parts or none, got train beside extra'],
    ['another depth', ['a.png', 'tumor/b.png'], 'got 0 (in the folder itself) and 1 (tumor)'],
    ['parts within parts', ['train/val/a.png', 'test/test/b.png'], 'two levels of parts'],
  ])('that could be read in two ways (%s) are refused with the ways to say it', async (_, paths, message) => {
    await expect(openPatchSet(makeFolder(...paths))).rejects.toThrow(message)
  })

  it('are read as an option says', async () => {
    const numbers = makeFolder('0/0/a.png', '1/1/b.png')
    expect(await read(numbers, { folders: 'center/label' })).toMatchObject({
      centers: ['0', '1'],
      labels: [0, 1],
    })
    const slides = makeFolder('ams/s1/a.png', 'utr/s2/b.png')
    expect(await read(slides, { folders: 'center/slide' })).toMatchObject({ slides: ['s1', 's2'] })
    expect(await read(slides, { folders: '-/slide' })).toMatchObject({ centers: null, slides: ['s1', 's2'] })
    const patients = await openPatchSet(slides, { folders: 'center/patient' })
    expect([patients.patients, patients.slides]).toEqual([['s1', 's2'], null])
    await expect(openPatchSet(slides, { folders: 'centre/slide' })).rejects.toThrow("did you mean 'center'?")
    await expect(openPatchSet(slides, { folders: 'center' })).rejects.toThrow('pictures 1 folders deep')
    await expect(openPatchSet(slides, { columns: { path: 'a' } })).rejects.toThrow(
      'expected folders, as it is no table',
    )
    await expect(openPatchSet(slides, { folders: 'center/center' })).rejects.toThrow('each level once')
  })

  it('have labels in other words where an option says so', async () => {
    const root = makeFolder('Stroma/a.png', 'carcinoma/b.png')
    expect(await read(root)).toMatchObject({ layout: 'folders: center' })
    const labelNames = { stroma: 0, CARCINOMA: '1' }
    expect(await read(root, { labelNames })).toMatchObject({
      layout: 'folders: label',
      labels: [0, 1],
      centers: null,
    })
    await expect(openPatchSet(root, { labelNames: { stroma: 2 } })).rejects.toThrow(
      "expected 0 or 1, got '2'",
    )
  })

  it('of one part may have labels where those of another have none', async () => {
    const root = makeFolder('train/tumor/a.png', 'train/normal/b.png', 'test/c.png')
    expect(await read(root, { part: 'train' })).toMatchObject({ labels: [0, 1] })
    expect(await read(root, { part: 'test' })).toMatchObject({ labels: null, parts: { train: 2, test: 1 } })
    await expect(openPatchSet(root)).rejects.toThrow('open a part alone with --part')
    await expect(openPatchSet(makeFolder('tumor/a.png'), { part: 'val' })).rejects.toThrow(
      "a folder for part 'val'",
    )
  })

  it('of a part are read alone where pictures lie beside the parts, which are named', async () => {
    const root = makeFolder('train/tumor/a.png', 'train/normal/b.png', 'val/tumor/c.png', 'stray.png')
    await expect(openPatchSet(root)).rejects.toThrow('open a part alone with --part')
    const set = await openPatchSet(root, { part: 'train' })
    expect([set.ids, set.parts]).toEqual([['train/normal/b.png', 'train/tumor/a.png'], { train: 2, val: 1 }])
    expect(set.leftOut).toEqual([{ id: 'stray.png', problem: 'a picture in no part' }])
    const noParts = await openPatchSet(makeFolder('a.png', 'tumor/b.png')).catch(String)
    expect(noParts).not.toContain('--part')
  })

  it('called training and testing are parts, which other words for them choose too', async () => {
    const root = makeFolder('Training/true/a.png', 'training/false/b.png', 'testing/True/c.png')
    const parts = { train: 2, test: 1 }
    expect(await read(root)).toMatchObject({ layout: 'folders: part / label', parts, labels: [1, 1, 0] })
    for (const part of ['test', 'testing']) expect(await read(root, { part })).toMatchObject({ labels: [1] })
    await expect(openPatchSet(root, { part: 'prod' })).rejects.toThrow('expected one of train, val, test')
  })

  it('that nobody knows are read as centers, with a doubt where there are no labels', async () => {
    const doubt = async (paths: readonly string[], options: OpenOptions = {}) =>
      (await describePatches(await openPatchSet(makeFolder(...paths), options))).doubt
    const classes = ['cancer/a.png', 'healthy/b.png']
    expect(await doubt(classes)).toBe(
      'the folders cancer, healthy were read as centers; where they are labels, say which, e.g. --label-names cancer=0,healthy=1 (labelNames in a recipe), and where they are none, --folders -',
    )
    expect(await doubt(classes, { folders: 'center' })).toBeNull()
    expect(await doubt(classes, { labelNames: { cancer: 1, healthy: 0 } })).toBeNull()
    expect(await doubt(['ams/tumor/a.png', 'utr/normal/b.png'])).toBeNull()
  })

  it('hold hidden files and other pictures, which are left out and named', async () => {
    const root = makeFolder('0/a.png', '1/b.png', '1/._b.png', '.ipynb_checkpoints/a.png', '__MACOSX/1/b.png')
    for (const name of ['0/c.bmp', '0/.DS_Store', 'Thumbs.db', 'notes.txt']) save(`${root}/${name}`, 'x')
    const set = await openPatchSet(root, { isTolerant: true })
    expect(set.ids).toEqual(['0/a.png', '1/b.png'])
    expect((await describePatches(set)).leftOut).toEqual({
      hidden: 3,
      'a picture of a kind that is not read (.bmp)': 1,
    })
    expect((await checkPatches(set)).problems).toEqual([])
    const bitmaps = inFolder('bitmaps')
    save(`${bitmaps}/a.bmp`, 'x')
    await expect(openPatchSet(bitmaps)).rejects.toThrow('a.bmp: a picture of a kind that is not read (.bmp)')
  })

  it('may hold damaged pictures, each of which is named, be they the first', async () => {
    const root = makeFolder(...Array.from({ length: 40 }, (_, i) => `${String(i).padStart(2, '0')}.png`))
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n'
    for (let i = 0; i < 20; i++) save(`${root}/${String(i).padStart(2, '0')}.png`, pointer)
    const { checked, problems } = await checkPatches(await openPatchSet(root, { isTolerant: true }))
    expect([checked, problems.length]).toEqual([40, 20])
    expect(problems[19]).toMatchObject({
      id: '19.png',
      problem: expect.stringContaining('a Git LFS pointer'),
    })
  })

  it('may hold links: to pictures and folders, which are followed, or to nothing, which is named', async () => {
    const root = makeFolder('0/a.png', '1/b.png')
    const elsewhere = makeFolder('c.png', 'more/d.png')
    symlinkSync(`${elsewhere}/c.png`, `${root}/0/c.png`)
    symlinkSync(`${elsewhere}/more`, `${root}/normal`)
    symlinkSync(root, `${root}/0/again`)
    const set = await openPatchSet(root)
    expect(set.ids).toEqual(['0/a.png', '0/c.png', '1/b.png', 'normal/d.png'])
    expect(set.leftOut).toEqual([{ id: '0/again', problem: 'a link to a folder that it lies in' }])
    symlinkSync(`${elsewhere}/none.png`, `${root}/0/e.png`)
    await expect(openPatchSet(root)).rejects.toThrow('0/e.png: got a link to a file that is not there')
    const { problems } = await checkPatches(await openPatchSet(root, { isTolerant: true }))
    expect(problems).toEqual([{ id: '0/e.png', problem: 'a link to a file that is not there' }])
  })
})

describe('a table of pictures', () => {
  const makeTable = (text: string, name = 'patches.csv') => {
    const root = makeFolder('images/a.png', 'images/b.png')
    save(`${root}/${name}`, text)
    return `${root}/${name}`
  }
  const expected = { centers: ['A', 'B'], labels: [1, 0] }

  it.each([
    ['commas', 'path,label,center\nimages/a.png,1,A\nimages/b.png,0,B\n'],
    ['semicolons', 'path;label;center\nimages/a.png;1;A\nimages/b.png;0;B\n'],
    ['tabs', 'path\tlabel\tcenter\nimages/a.png\t1\tA\nimages/b.png\t0\tB\n'],
    ['headers in capitals', 'Path,LABEL,Center\nimages/a.png,1,A\nimages/b.png,0,B\n'],
    ['class names', 'path,label,center\nimages/a.png,Malignant,A\nimages/b.png,benign,B\n'],
    ['paths of Windows', 'path,label,center\nimages\\a.png,1.0,A\n.\\images\\b.png,0.0,B\n'],
  ])('is read with %s', async (_, text) => {
    expect(await read(makeTable(text))).toMatchObject(expected)
  })

  it('may end in .tsv', async () => {
    expect(
      await read(makeTable('path\tlabel\tcenter\nimages/a.png\t1\tA\nimages/b.png\t0\tB\n', 'p.tsv')),
    ).toMatchObject(expected)
  })

  it('may name the patient of each picture, of some, or by another word', async () => {
    const rows = 'images/a.png,1,007\nimages/b.png,0,\n'
    for (const [word, columns] of [
      ['patient', undefined],
      ['Patient_ID', undefined],
      ['case', { patient: 'case' }],
    ] as const) {
      const set = await openPatchSet(makeTable(`path,label,${word}\n${rows}`), { columns })
      expect(set.patients).toEqual(['7', '?'])
    }
    expect((await openPatchSet(makeTable(`path,label,case\n${rows}`))).patients).toBeNull()
  })

  it('may call its columns otherwise', async () => {
    const table = makeTable(
      'image,target,hospital,wsi,age\nimages/a.png,1,A,7.0,30\nimages/b.png,0,B,8.0,40\n',
    )
    const columns = { path: 'image', label: 'target', center: 'Hospital', slide: 'wsi' }
    expect(await read(table, { columns })).toEqual({
      ...expected,
      slides: ['7', '8'],
      parts: null,
      layout: 'columns: path (image), label (target), center (Hospital), slide (wsi); not used: age',
    })
    await expect(openPatchSet(table)).rejects.toThrow(
      'expected a column path, got image, target, hospital, wsi, age; the first line must name the columns; say which it is with --columns path=NAME',
    )
    await expect(openPatchSet(table, { columns: { path: 'images' } })).rejects.toThrow(
      "did you mean 'image'?",
    )
    await expect(openPatchSet(table, { columns: { labl: 'image' } })).rejects.toThrow("did you mean 'label'?")
  })

  it('may hold booleans for labels, as pandas writes them', async () => {
    expect(await read(makeTable('path,label\nimages/a.png,True\nimages/b.png,False\n'))).toMatchObject({
      labels: [1, 0],
    })
  })

  it('may have a column of parts', async () => {
    const text =
      'path,label,split\nimages/a.png,1,Train\nimages/b.png,0,validation\n./images/a.png,1,unused\n'
    const table = makeTable(text.replace('./images/a.png', 'images/c.png'))
    expect(await read(table)).toMatchObject({ parts: { train: 1, val: 1 }, labels: [1, 0, 1] })
    const set = await openPatchSet(table, { part: 'val' })
    expect([set.ids, set.leftOut]).toEqual([
      ['images/b.png'],
      [{ id: 'images/c.png', problem: "in no part ('unused')" }],
    ])
    await expect(openPatchSet(makeTable(text))).rejects.toThrow('./images/a.png: got listed twice')
  })

  it('knows one hospital by one name, and none by no name', async () => {
    const withCenters = (a: string, b: string) =>
      makeTable(`path,center\nimages/a.png,${a}\nimages/b.png,${b}\n`)
    expect((await read(withCenters('2.0', '02'))).centers).toEqual(['2', '2'])
    expect((await read(withCenters('nan', ''))).centers).toBeNull()
    await expect(openPatchSet(withCenters('2', 'NaN'))).rejects.toThrow(
      'b.png: got no center where others have one',
    )
    await expect(openPatchSet(withCenters('2', '1.5'))).rejects.toThrow(
      "center '1.5', neither a name nor a whole number",
    )
  })

  it('of another encoding, or of another kind, is named', async () => {
    const table = makeTable('')
    const reads = (content: string | Uint8Array) => {
      save(table, content)
      return expect(openPatchSet(table)).rejects
    }
    await reads(Buffer.from('\uFEFFpath,label\nimages/a.png,1\n', 'utf16le')).toThrow(
      'expected text in UTF-8, got text in UTF-16',
    )
    await reads(Buffer.from('path,center\nimages/a.png,Zürich\n', 'latin1')).toThrow(
      'such as Latin-1; save it as UTF-8',
    )
    await reads('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n').toThrow(
      'a Git LFS pointer',
    )
    await reads('<!doctype html><title>Sign in</title>').toThrow("a web page titled 'Sign in'")
    await reads('').toThrow('got an empty file')
  })

  it('takes no options that are for folders of another format', async () => {
    const options = { labelNames: { a: 0 } }
    save(inFolder('pcam', 'camelyonpatch_level_2_split_test_x.h5'), 'x')
    await expect(openPatchSet(inFolder('pcam'), options)).rejects.toThrow(
      'expected no labelNames, which only hcd and folder takes, got them with pcam',
    )
  })
})
