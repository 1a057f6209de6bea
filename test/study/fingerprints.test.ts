// What a study takes from its cache is of the patches as they are now: every kind of file of every format, changed in
// place to as many bytes and dated back, gives another key; so does a file changed a moment after it was read.

import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHdf5, readFileStates } from '../../src/files/index.ts'
import { createChallengeFile, type OpenOptions, openPatchSet } from '../../src/patches/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import { obtainHashes } from '../../src/study/contentHashes.ts'
import { fingerprintOf } from '../../src/study/fingerprints.ts'
import { runStudy } from '../../src/study/index.ts'
import { closeSplits, openSplits } from '../../src/study/splits.ts'
import { openCache } from '../../src/tasks/index.ts'
import { makeTemporaryFolder, noise } from '../patches/fixtures.ts'

const inFolder = makeTemporaryFolder()
const { XDG_CACHE_HOME } = process.env
process.env.XDG_CACHE_HOME = inFolder('packed')
afterAll(() => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME
})
const side = 32
const written = 1_700_000_000 // seconds; whole, so that a file can be dated back exactly
const long = 2100 // ms after which a file is settled

function save(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  utimesSync(path, written, written)
}

/** Changes a file in place: as many bytes, the same time. */
function change(path: string, content: Uint8Array | string): void {
  expect(content.length).toBe(statSync(path).size)
  writeFileSync(path, content, { flag: 'r+' })
  utimesSync(path, written, written)
}

const image = (seed: number) => sharp(noise(seed, side), { raw: { width: side, height: side, channels: 3 } })
const png = (seed: number) => image(seed).png({ compressionLevel: 0 }).toBuffer()
const tif = (seed: number) => image(seed).tiff({ compression: 'none' }).toBuffer()

async function challengeFile(flip: number, first = 0): Promise<Uint8Array> {
  const path = inFolder(`made.h5`)
  const file = await createChallengeFile(path, { height: side, width: side })
  for (let i = 0; i < 4; i++)
    file.append({ id: `${i}`, image: noise(first + i, side), label: (i + flip) % 2, center: 0, slide: i })
  await file.close()
  return readFileSync(path)
}

async function dataset(name: string, shape: number[], values: Uint8Array): Promise<Uint8Array> {
  const path = inFolder('made.h5')
  const file = await createHdf5(path)
  file.writeDataset(name, 'u8', shape, values)
  await file.close()
  return readFileSync(path)
}
const pcamX = (first: number) =>
  dataset('x', [2, side, side, 3], new Uint8Array([...noise(first, side), ...noise(first + 1, side)]))
const pcamY = (...labels: number[]) => dataset('y', [2, 1, 1, 1], Uint8Array.from(labels))
const stem = 'camelyonpatch_level_2_split_train'
const meta = (slide: string) => `wsi,x\n${slide},0\nb,0\n`
const gzip = (bytes: Uint8Array) => gzipSync(bytes, { level: 0 })
const wilds = 'patches/patient_004_node_4/patch_patient_004_node_4_x_1_y_'
const wildsTable = (label: number) =>
  `patient,node,x_coord,y_coord,tumor,slide,center,split\n004,4,1,1,${label},0,0,0\n004,4,1,2,1,0,0,0\n`

/** A data set as its files, and for each kind of file what it is changed to. */
interface Case {
  readonly path: string
  readonly options?: OpenOptions
  readonly files: Readonly<Record<string, Uint8Array | string>>
  readonly changes: Readonly<Record<string, Uint8Array | string>>
}

async function makeCases(): Promise<Record<string, Case>> {
  const pcam = {
    [`${stem}_x.h5`]: await pcamX(0),
    [`${stem}_y.h5`]: await pcamY(0, 1),
    [`${stem}_meta.csv`]: meta('a'),
  }
  const packed = { [`${stem}_x.h5.gz`]: gzip(await pcamX(0)), [`${stem}_y.h5.gz`]: gzip(await pcamY(0, 1)) }
  const pictures = { 'a/0/p.png': await png(0), 'a/1/q.png': await png(1) }
  return {
    challenge: {
      path: 'set.h5',
      files: { 'set.h5': await challengeFile(0) },
      changes: { 'set.h5': await challengeFile(1) },
    },
    pcam: {
      path: `${stem}_x.h5`,
      files: pcam,
      changes: {
        [`${stem}_x.h5`]: await pcamX(5),
        [`${stem}_y.h5`]: await pcamY(1, 0),
        [`${stem}_meta.csv`]: meta('c'),
      },
    },
    'pcam packed': {
      path: `${stem}_x.h5.gz`,
      files: packed,
      changes: { [`${stem}_x.h5.gz`]: gzip(await pcamX(5)), [`${stem}_y.h5.gz`]: gzip(await pcamY(1, 0)) },
    },
    wilds: {
      path: '.',
      files: {
        'metadata.csv': wildsTable(0),
        [`${wilds}1.png`]: await png(0),
        [`${wilds}2.png`]: await png(1),
      },
      changes: { 'metadata.csv': wildsTable(1), [`${wilds}1.png`]: await png(2) },
    },
    hcd: {
      path: '.',
      files: {
        'train_labels.csv': 'id,label\na,0\nb,1\n',
        'train/a.tif': await tif(0),
        'train/b.tif': await tif(1),
      },
      changes: { 'train_labels.csv': 'id,label\na,1\nb,0\n', 'train/b.tif': await tif(2) },
    },
    folder: { path: '.', files: pictures, changes: { 'a/1/q.png': await png(2) } },
    table: {
      path: 'set.csv',
      files: { ...pictures, 'set.csv': 'path,label\na/0/p.png,0\na/1/q.png,1\n' },
      changes: { 'set.csv': 'path,label\na/0/p.png,1\na/1/q.png,0\n', 'a/1/q.png': await png(2) },
    },
  }
}

const names = ['challenge', 'pcam', 'pcam packed', 'wilds', 'hcd', 'folder', 'table'] as const

const recipeOf = (name: string, path: string) =>
  parseRecipe(
    `name: x\ndata: { train: { path: '${path}' }, val: { path: other.h5 } }\nstain: [none]\nembed: [texture]\nclassify: [logistic]\n`,
    { where: 'recipe', folder: inFolder(name === '' ? '' : 'sets', name) },
  )

// Of what methods see, and of labels.
async function keyOf(name: string, path: string): Promise<string> {
  const splits = await openSplits(recipeOf(name, path), openCache(inFolder('cache')))
  await closeSplits(splits)
  const { key, labelsKey } = splits.train
  return `${key} ${labelsKey()}`
}

describe('the key of a split', () => {
  let cases: Record<string, Case>
  beforeAll(async () => {
    cases = await makeCases()
    const other = await challengeFile(0, 40)
    for (const [name, { files }] of Object.entries(cases)) {
      for (const [file, content] of Object.entries(files)) save(inFolder('sets', name, file), content)
      save(inFolder('sets', name, 'other.h5'), other)
    }
    await setTimeout(long)
  }, 60_000)

  it('is known for every reader', () => expect(Object.keys(cases)).toEqual([...names]))

  it.each(names)('%s: each file changed in place gives another', async (name) => {
    const { path, changes } = cases[name]
    let key = await keyOf(name, path)
    expect(await keyOf(name, path)).toBe(key)
    for (const [file, content] of Object.entries(changes)) {
      change(inFolder('sets', name, file), content)
      const changed = await keyOf(name, path)
      expect(changed, file).not.toBe(key)
      key = changed
    }
  })
})

describe('a fingerprint', () => {
  const refuse = () => Promise.reject(new Error('taken anew'))

  it('is remembered while no file changes, and not trusted of a file that was just written', async () => {
    const path = inFolder('young.h5')
    save(path, await challengeFile(0))
    const set = await openPatchSet(path)
    const young = await fingerprintOf(set, inFolder('cache'))
    await expect(fingerprintOf({ ...set, fingerprint: refuse }, inFolder('cache'))).rejects.toThrow(
      'taken anew',
    )
    await setTimeout(long)
    expect(await fingerprintOf(set, inFolder('cache'))).toBe(young)
    expect(await fingerprintOf({ ...set, fingerprint: refuse }, inFolder('cache'))).toBe(young)
    await set.close()
  })

  it('is refused of a file that changes while it is read', async () => {
    const path = inFolder('moving.h5')
    save(path, await challengeFile(0))
    const other = await challengeFile(1)
    const set = await openPatchSet(path)
    const moving = {
      ...set,
      async fingerprint() {
        change(path, other)
        return set.fingerprint()
      },
    }
    await expect(fingerprintOf(moving, inFolder('cache'))).rejects.toThrow(
      /moving\.h5: expected files that stay/,
    )
    await set.close()
  })

  it('nor are hashes of its patches kept', async () => {
    const path = inFolder('hashed.h5')
    save(path, await challengeFile(0))
    const other = await challengeFile(1)
    const set = await openPatchSet(path)
    const moving = {
      ...set,
      read(rows: ArrayLike<number>) {
        change(path, other)
        return set.read(rows)
      },
    }
    const cache = openCache(inFolder('hashes'))
    await expect(obtainHashes(cache, moving, null, 'content', () => {})).rejects.toThrow(
      /a change while they were read/,
    )
    const { entry } = await obtainHashes(cache, set, null, 'content', () => {})
    expect(entry.cached).toBe(false)
    await set.close()
  })

  it('knows the labels that were read, should the file change between opening and hashing', async () => {
    const path = inFolder('between.h5')
    save(path, await challengeFile(0))
    const set = await openPatchSet(path)
    change(path, await challengeFile(1))
    const changed = await openPatchSet(path)
    const cache = inFolder('cache')
    expect(await fingerprintOf(set, cache)).not.toBe(await fingerprintOf(changed, cache))
    await set.close()
    await changed.close()
  })
})

describe('states of files', () => {
  it('differ for another file under the name, and for one that is gone', async () => {
    const path = inFolder('state')
    const digest = async () => (await readFileStates([path])).digest
    const none = await digest()
    save(path, 'a')
    const before = await digest()
    change(path, 'b')
    expect(new Set([none, before, await digest()]).size).toBe(3)
    expect((await readFileStates([path])).areSettled).toBe(false)
  })
})

describe('a study', () => {
  it('prints the accuracy of the labels that are there, not of those that were', async () => {
    const folder = inFolder('inverted')
    const random = (count: number, from: number) => {
      const values = new Uint8Array(count * side * side * 3)
      for (let i = 0; i < count; i++)
        values.set(
          noise(from + i, side).map((value) => (i % 2 ? value >> 1 : value)),
          i * side * side * 3,
        )
      return values
    }
    const parity = (count: number, flip: number) =>
      Uint8Array.from({ length: count }, (_, i) => (i + flip) % 2)
    const write = async (part: string, count: number, from: number) => {
      const name = `${folder}/camelyonpatch_level_2_split_${part}`
      save(`${name}_x.h5`, await dataset('x', [count, side, side, 3], random(count, from)))
      save(`${name}_y.h5`, await dataset('y', [count, 1, 1, 1], parity(count, 0)))
      return `${name}_y.h5`
    }
    await write('train', 40, 0)
    const labels = await write('valid', 20, 100)
    await setTimeout(long)
    const recipe = parseRecipe(
      `name: inverted
seeds: 1
data:
  train: { path: camelyonpatch_level_2_split_train_x.h5 }
  val: { path: camelyonpatch_level_2_split_valid_x.h5 }
quality: none
stain: [none]
embed: [texture]
classify: [logistic]
`,
      { where: 'recipe', folder },
    )
    const observer = { step: () => ({ progress: () => {}, end: () => {} }) }
    const options = { out: `${folder}/runs`, cache: `${folder}/cache`, device: 'cpu', threads: 1, observer }
    const accuracy = async () => (await runStudy(recipe, options)).metrics.cells[0].val.accuracy.value
    const before = await accuracy()
    expect(before).toBeGreaterThan(0.9)
    expect(await accuracy()).toBe(before)
    const inverted = await dataset('y', [20, 1, 1, 1], parity(20, 1))
    const kept = readFileSync(labels)
    const elsewhere = { ...options, out: `${folder}/runs2`, cache: `${folder}/cache2` }
    const changing = (at: string) => ({
      step(stage: string) {
        if (stage === at) change(labels, inverted)
        return observer.step()
      },
    })
    const refused = /expected files that stay as they are, got a change while they were read/
    await expect(runStudy(recipe, { ...elsewhere, observer: changing('embed') })).rejects.toThrow(refused)
    expect(readdirSync(`${folder}/cache2/embed`)).toEqual([])
    change(labels, kept)
    await expect(runStudy(recipe, { ...options, observer: changing('report') })).rejects.toThrow(refused)
    change(labels, kept)
    expect(await accuracy()).toBe(before)
    change(labels, inverted)
    expect(await accuracy()).toBeCloseTo(1 - before, 6)
  }, 120_000)
})
