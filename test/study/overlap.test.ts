// Splits that have something in common: found by content, whatever the recipe and the files call it.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { writeCsv } from '../../src/formats/index.ts'
import { createChallengeFile } from '../../src/patches/index.ts'
import { runCli } from '../cli/runCli.ts'
import { drawTissue } from '../stain/pictures.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-overlap-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const side = 32
interface Patch {
  readonly seed: number
  readonly center: number
  readonly slide: number
  /** By its seed where it is not said. */
  readonly label?: number
}

const draw = (seed: number) => pixelsAt(drawTissue(seed, side), 0)
const labelOf = ({ seed, label = seed % 2 }: Patch) => label

async function writeFile(name: string, patches: readonly Patch[]): Promise<void> {
  const file = await createChallengeFile(at(name), { height: side, width: side, origin: 'synthetic' })
  for (const [id, patch] of patches.entries()) {
    const { seed, center, slide } = patch
    file.append({ id: `${id}`, image: draw(seed).data, label: labelOf(patch), center, slide })
  }
  await file.close()
}

const patches = (from: number, count: number, center: number, slides = 2): Patch[] =>
  Array.from({ length: count }, (_, i) => ({ seed: from + i, center, slide: 10 * center + (i % slides) }))

// Pictures under names of their own, in another order.
async function writeTable(name: string, of: readonly Patch[]): Promise<void> {
  mkdirSync(at(name))
  const rows = [...of].reverse()
  const path = rows.map((_, i) => `other-${i}.png`)
  for (const [i, { seed }] of rows.entries()) writeFileSync(at(name, path[i]), await encodePng(draw(seed)))
  writeFileSync(at(name, 'set.csv'), writeCsv({ path, label: rows.map(labelOf) }))
}

async function writeFolder(name: string, of: readonly Patch[]): Promise<void> {
  for (const patch of of) {
    const label = at(name, labelOf(patch) ? 'tumor' : 'normal')
    mkdirSync(label, { recursive: true })
    writeFileSync(join(label, `x${patch.seed * 7}.png`), await encodePng(draw(patch.seed)))
  }
}

const train = [...patches(0, 12, 0), ...patches(20, 12, 3)]
const val = patches(40, 12, 1)
const test = patches(60, 12, 2)

beforeAll(async () => {
  await writeFile('train.h5', train)
  await writeFile('val.h5', val)
  await writeFile('test.h5', test)
  await writeTable('renamed', train)
  await writeTable('unnamed', test)
  await writeFolder('pictures', val)
  // three patches, two slides and a center of train
  const shared = [...patches(0, 3, 0), ...patches(90, 9, 1)]
  await writeFile('shared.h5', shared)
  // slides are counted anew in each center
  await writeFile(
    'counted.h5',
    val.map((patch) => ({ ...patch, slide: patch.slide - 10 })),
  )
})

// A patch as drawn, mirrored and a little brighter.
function mirror(seed: number): Uint8Array {
  const { data } = draw(seed)
  return Uint8Array.from(data, (_, at) => {
    const [row, column, k] = [Math.floor(at / (3 * side)), Math.floor(at / 3) % side, at % 3]
    return Math.min(255, data[3 * (row * side + side - 1 - column) + k] + 5)
  })
}

const splits = { train: '{ path: train.h5 }', val: '{ path: val.h5 }', test: '{ path: test.h5 }' }

async function plan(data: Partial<typeof splits>, ...more: string[]) {
  return study('plan', data, ...more)
}

async function study(word: string, data: Partial<typeof splits>, ...more: string[]) {
  return runRecipe('', word, data, ...more)
}

async function runRecipe(top: string, word: string, data: Partial<typeof splits>, ...more: string[]) {
  const lines = Object.entries({ ...splits, ...data }).map(([split, spec]) => `  ${split}: ${spec}`)
  const text = `name: o\nseeds: 1\n${top}data:\n${lines.join('\n')}\nstain: [none]\nembed: [texture]\nclassify: [logistic]\n`
  writeFileSync(at('recipe.yaml'), text)
  return runCli(['study', word, 'recipe.yaml', '--device', 'cpu', ...more], folder)
}

describe('the same set twice is refused', () => {
  it.each([
    ['as train and val by one path', { val: '{ path: train.h5 }' }, /all 24 patches of val are in train/],
    [
      'in another order, by other ids and as another format',
      { val: '{ path: renamed/set.csv, center: x }' },
      /same set twice/,
    ],
    [
      'as val and test under another center',
      { val: '{ path: unnamed/set.csv, center: x }' },
      /patches of test are in val/,
    ],
    [
      'as pictures of other names',
      { test: '{ path: pictures, center: x }' },
      /same set twice: all 12 patches of test/,
    ],
    [
      'in part',
      { val: '{ path: renamed/set.csv, center: x, limit: 9 }' },
      /all 9 patches of val are in train/,
    ],
  ])('%s', async (_, data, said) => {
    const { code, stdout, stderr } = await plan(data)
    expect(stderr).toMatch(said)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect([code, stdout]).toEqual([2, ''])
  })

  it('and so is a center of a file under another name', async () => {
    for (const [data, said] of [
      [
        { test: '{ path: shared.h5, center: 2 }' },
        /data.test.center: expected what .*shared.h5 says itself \(0, 1\), got 2; leave/,
      ],
      [
        { test: '{ path: test.h5, center: x }' },
        /data.test.center: expected what .*test.h5 says itself \(2\), got x; leave center out/,
      ],
      [
        { train: '{ path: train.h5, limit: 14, center: a }' },
        /data.train.center: expected what .* \(0, 3\), got a/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await plan(data)
      expect(stderr).toMatch(said)
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect([code, stdout]).toEqual([2, ''])
    }
  })

  it('but a center may be said again, and chosen by', async () => {
    const test = '{ path: shared.h5, center: 1, centers: [1] }'
    expect(await plan({ val: '{ path: test.h5 }', test })).toMatchObject({ code: 0 })
  })
})

describe('what splits share is named', () => {
  const sentence =
    'train and val: 3 of the 12 patches of val (25.0 %) are in train as well; 2 slides are in both (0/0, 0/1); center 0 is in both.'
  const overlap = {
    splits: ['train', 'val'],
    patches: { count: 3, of: 12 },
    slides: ['0/0', '0/1'],
    centers: ['0'],
  }

  it('by the plan, in words and as JSON', async () => {
    const said = await plan({ val: '{ path: shared.h5 }' })
    expect(said.stdout).toContain(`Warning: splits overlap: ${sentence}`)
    const { overlaps, steps } = JSON.parse((await plan({ val: '{ path: shared.h5 }' }, '--json')).stdout)
    expect(overlaps).toEqual([overlap])
    expect(steps.length).toBeGreaterThan(4)
  })

  it('at the start of a run, in its manifest and result, and on the first screen of its report', async () => {
    const { code, stdout, stderr } = await study('run', { val: '{ path: shared.h5 }' }, '--json')
    expect(code).toBe(0)
    expect(stderr.indexOf(sentence)).toBeGreaterThan(0)
    expect(stderr.indexOf(sentence)).toBeLessThan(stderr.indexOf('quality'))
    expect(JSON.parse(stdout).manifest.overlaps).toEqual([overlap])
    const report = readFileSync(at('runs/o/report.html'), 'utf8')
    expect(report.indexOf(sentence)).toBeGreaterThan(0)
    expect(report.indexOf(sentence)).toBeLessThan(report.indexOf('class="tiles"'))
  }, 60_000)

  it('with the patches of a contradicting label, at the start of a run with those within a split as well', async () => {
    const relabelled = [0, 1].map((label) => ({ ...val[0], label }))
    await writeFile('relabelled.h5', [...val, ...relabelled, { ...train[0], label: 1 }])
    const counted =
      '1 of the 15 patches of val (6.7 %) are in train as well, all of them with a contradicting label'
    const said = await plan({ val: '{ path: relabelled.h5 }' })
    expect(said.stdout).toContain(counted)
    const { code, stderr, stdout } = await study('run', { val: '{ path: relabelled.h5 }' }, '--json')
    expect(code).toBe(0)
    expect(stderr).toContain(
      'Warning: val: contradicting labels: 3 patches have the pixels of one with the other label (0, 12, 13).',
    )
    const { overlaps, splits } = JSON.parse(stdout).manifest
    expect(overlaps[0].patches).toEqual({ count: 1, of: 15, contradicting: 1 })
    expect(splits.val.rejectedByRule).toEqual({ contradiction: 3 })
    expect(readFileSync(at('runs/o/report.html'), 'utf8')).toContain('CONTRADICTING LABELS')
    const quality = await runCli(['quality', 'relabelled.h5'], folder)
    expect(quality.stdout).toMatch(/contradiction +3\n/)
    expect(quality.stdout).toContain('contradicting labels: 3 patches have the pixels')
    const check = await runCli(['patches', 'check', 'relabelled.h5'], folder)
    expect(check.stdout).toContain('equal pixels, contradicting labels: 0, 12, 13')
  }, 60_000)

  it('and so are patients, though their slides are others', async () => {
    const write = async (name: string, from: number, patients: readonly string[]) => {
      mkdirSync(at(name))
      const path = Array.from({ length: 12 }, (_, i) => `${i}.png`)
      for (const [i, file] of path.entries()) writeFileSync(at(name, file), await encodePng(draw(from + i)))
      const patient = path.map((_, i) => patients[i % patients.length])
      const slide = path.map((_, i) => `${name}-${i % 4}`)
      writeFileSync(at(name, 'set.csv'), writeCsv({ path, label: path.map((_, i) => i % 2), patient, slide }))
    }
    await write('some', 100, ['3', '4', ''])
    await write('others', 120, ['004', '5', ''])
    const data = {
      train: '{ path: some/set.csv }',
      val: '{ path: others/set.csv }',
      test: '{ path: test.h5, center: 2 }',
    }
    const { stdout } = await plan(data)
    expect(stdout).toContain('splits overlap: train and val: patient 4 is in both.')
    const { overlaps } = JSON.parse((await plan(data, '--json')).stdout)
    expect(overlaps).toMatchObject([{ slides: [], patients: ['4'] }])
  })

  it('and so are copies that were altered and mirrored, with one of them by its id', async () => {
    const mirrored = [0, 1, 20].map(mirror)
    const file = await createChallengeFile(at('altered.h5'), {
      height: side,
      width: side,
      origin: 'synthetic',
    })
    for (const [id, seed] of patches(40, 9, 1).entries()) {
      file.append({ id: `${id}`, image: draw(seed.seed).data, label: labelOf(seed), center: 1, slide: 10 })
    }
    for (const [i, image] of mirrored.entries()) {
      file.append({ id: `${100 + i}`, image, label: 0, center: 1, slide: 10 })
    }
    await file.close()
    const near = {
      count: 3,
      contradicting: 1,
      turned: 3,
      examples: expect.arrayContaining([
        { first: '1', second: '101', view: 'mirrored left to right', likeness: expect.closeTo(1, 1) },
      ]),
    }
    const told =
      /3 of the 12 patches of val \(25.0 %\) look like patches of train but for small changes, all of them turned or mirrored, 1 of them with a contradicting label \(e.g. 10\d like \d+ mirrored left to right\)/
    const said = await plan({ val: '{ path: altered.h5 }' })
    expect(said.stdout).toMatch(told)
    const { overlaps } = JSON.parse((await plan({ val: '{ path: altered.h5 }' }, '--json')).stdout)
    expect(overlaps).toEqual([
      { splits: ['train', 'val'], patches: { count: 0, of: 12 }, near, slides: [], centers: [] },
    ])
    const { code, stdout, stderr } = await study('run', { val: '{ path: altered.h5 }' }, '--json')
    expect([code, JSON.parse(stdout).manifest.overlaps]).toEqual([0, overlaps])
    expect(stderr).toMatch(told)
    const report = readFileSync(at('runs/o/report.html'), 'utf8')
    expect(report.slice(0, report.indexOf('class="tiles"'))).toMatch(told)
    expect(report).toContain('3 of which look like patches of the training set')
  }, 60_000)

  it('and nothing is said of splits that share nothing, or slide numbers of different centers', async () => {
    const { code, stdout } = await plan({ val: '{ path: counted.h5 }' })
    expect(stdout).not.toContain('splits overlap')
    expect(code).toBe(0)
    expect(JSON.parse((await plan({}, '--json')).stdout).overlaps).toEqual([])
  })
})

describe('copies between centers of a split', () => {
  const held = (word: string, data: Partial<typeof splits>, ...more: string[]) =>
    runRecipe('protocol: leave-one-center-out\n', word, data, ...more)
  const train = '{ path: copied.h5 }'
  const sentence =
    /within train, between centers: center 0 of train and center 3 of train: 2 of the 15 patches of center 3 of train \(13.3 %\) are in center 0 of train as well; 1 of the 15 patches of center 3 of train \(6.7 %\) looks like a patch of center 0 of train but for small changes, all of them turned or mirrored \(e.g. 100 like 5 mirrored left to right\)\./

  beforeAll(async () => {
    const file = await createChallengeFile(at('copied.h5'), {
      height: side,
      width: side,
      origin: 'synthetic',
    })
    const two = patches(0, 2, 3)
    for (const [id, { seed, center, slide }] of [
      ...patches(0, 12, 0),
      ...patches(20, 12, 3),
      ...two,
    ].entries())
      file.append({ id: `${id}`, image: draw(seed).data, label: seed % 2, center, slide })
    file.append({ id: '100', image: mirror(5), label: 1, center: 3, slide: 30 })
    await file.close()
  })

  it('are found where centers are held out in turn, by the plan and by a run', async () => {
    const planned = JSON.parse((await held('plan', { train }, '--json')).stdout)
    expect(planned.within).toEqual({
      train: [
        {
          splits: ['center 0 of train', 'center 3 of train'],
          patches: { count: 2, of: 15 },
          near: { count: 1, turned: 1, examples: [expect.objectContaining({ first: '5', second: '100' })] },
          slides: [],
          centers: [],
        },
      ],
    })
    const comparisons = planned.steps.filter(({ kind }: { kind: string }) => kind === 'compare')
    expect(comparisons.map(({ what, cached }: { what: string; cached: boolean }) => [what, cached])).toEqual([
      ['train and val', true],
      ['train and test', true],
      ['val and test', true],
      ['centers of train', true],
    ])
    const { code, stdout, stderr } = await held('run', { train }, '--json')
    expect(code).toBe(0)
    expect(stderr).toMatch(new RegExp(`Warning: centers overlap: ${sentence.source}`))
    expect(JSON.parse(stdout).metrics.within).toEqual(planned.within)
    const report = readFileSync(at('runs/o/report.html'), 'utf8')
    expect(report.slice(0, report.indexOf('class="tiles"'))).toMatch(sentence)
    expect(readFileSync(at('runs/o/MODEL_CARD.md'), 'utf8')).toContain('within train, between centers')
  }, 60_000)

  it('are not looked for where none is held out, and none are found where there are none', async () => {
    const challenge = JSON.parse((await plan({ train }, '--json')).stdout)
    expect(challenge).not.toHaveProperty('within')
    const { stdout } = await held('plan', {}, '--json')
    expect(JSON.parse(stdout).within).toEqual({ train: [] })
  })

  it('are refused where a center has no patch of its own', async () => {
    await writeFile('twice.h5', [...patches(0, 12, 0), ...patches(20, 12, 3), ...patches(22, 4, 4)])
    const { code, stdout, stderr } = await held('plan', { train: '{ path: twice.h5 }' })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/data.train: .*all 4 patches of center 4 are in center 3/)
  })
})
