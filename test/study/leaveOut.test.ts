// Parts of a table of embeddings left out in turn: what is held out has no say in what predicts it, names and not the order
// of rows decide the folds, and a run that was stopped ends in the bytes of one that was not.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { chooseThreshold } from '../../src/evaluate/index.ts'
import { writeNpy } from '../../src/formats/index.ts'
import { type LeaveOutOptions, type LeaveOutResult, leaveOut } from '../../src/study/index.ts'
import { dealParts, planFolds } from '../../src/study/leaveOut/parts.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'
import { describeHospitals, type Hospitals, makeHospitals, reorderHospitals } from './hospitals.ts'

const at = makeTemporaryFolder()
const four = makeHospitals(['0', '1', '3', '10'])
let made = 0

function write(hospitals: Hospitals): Pick<LeaveOutOptions, 'path' | 'labels'> {
  const name = `table${made++}`
  writeFileSync(at(`${name}.npy`), writeNpy(hospitals.x))
  writeFileSync(at(`${name}.csv`), describeHospitals(hospitals))
  return { path: at(`${name}.npy`), labels: at(`${name}.csv`) }
}

async function run(hospitals: Hospitals, options: Partial<LeaveOutOptions> = {}) {
  const out = at(`out${made++}`)
  const result = await leaveOut({
    ...write(hospitals),
    unit: 'center',
    heads: ['logistic'],
    adapts: ['none'],
    options: {},
    by: 'log-loss',
    seed: 0,
    out,
    step: () => () => {},
    ...options,
  })
  return { out, result, predicted: readPredictions(out) }
}

// By id, everything that is said of a patch.
function readPredictions(out: string): Map<string, string> {
  const [, ...lines] = readFileSync(`${out}/predictions.csv`, 'utf8').trim().split('\n')
  return new Map(lines.map((line) => [line.split(',')[0], line.split(',').slice(6).join(',')]))
}

const small = { heads: ['mlp'], options: { hidden: [8], epochs: 6 } }
const cellsOf = ({ key: _, ...result }: LeaveOutResult) => result

describe('the parts', () => {
  it('are centers one by one, by name', () => {
    const parts = dealParts(four.centers, 'center')
    expect(parts.map(({ name, rows }) => [name, rows.length])).toEqual([
      ['0', 40],
      ['1', 40],
      ['3', 40],
      ['10', 40],
    ])
  })

  it('are folds of about one size where groups are many, whatever the order of rows', () => {
    const names = Array.from({ length: 230 }, (_, row) => `slide ${Math.floor(Math.sqrt(row))}`)
    const parts = dealParts(names, 'slide', 4)
    const sizes = parts.map(({ rows }) => rows.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(30)
    expect(parts.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)).toEqual([...names.keys()])
    const groups = parts.map((part) => part.groups)
    expect(dealParts(names.toReversed(), 'slide', 4).map((part) => part.groups)).toEqual(groups)
    expect(new Set(groups.flat()).size).toBe(16)
  })

  it.each([
    [
      ['a', 'a'],
      undefined,
      'at least three slides: one to hold out, one to stop training by, one to train on, got one (a)',
    ],
    [['b', 'a'], undefined, 'got two (a, b)'],
    [['a', 'b', 'c'], 4, 'option --folds: expected at most 3, the number of slides, got 4'],
  ])('are refused where there are too few: %j', (names, folds, message) => {
    expect(() => dealParts(names, 'slide', folds)).toThrow(message)
  })

  it('are each stopped by the next with both classes that leaves both to train on', () => {
    const parts = dealParts(['0', '0', '1', '2', '2', '3', '3'], 'center')
    const folds = planFolds(parts, Uint8Array.of(0, 1, 1, 0, 1, 0, 1))
    expect(
      folds.map(({ held, stop, train }) => [held.name, stop.name, train.map(({ name }) => name)]),
    ).toEqual([
      ['0', '2', ['1', '3']],
      ['1', '2', ['0', '3']],
      ['2', '3', ['0', '1']],
      ['3', '0', ['1', '2']],
    ])
    expect(() =>
      planFolds(dealParts(['0', '0', '1', '2', '2'], 'center'), Uint8Array.of(0, 1, 1, 0, 1)),
    ).toThrow('--leave-out, 0 held out: expected tumour and normal patches in another part')
  })
})

describe('a center that is left out', () => {
  it.each([
    ['none', 'logistic'],
    ['none', 'mlp'],
    ['none', 'knn'],
    ['center', 'mlp'],
    ['coral', 'logistic'],
    ['group-dro', 'mlp'],
    ['adversarial-target', 'mlp'],
  ])('changes no prediction for it by its labels: %s/%s', async (adapt, head) => {
    const cell = { adapts: [adapt], heads: [head], options: head === 'mlp' ? small.options : {} }
    const turned = { ...four, labels: four.labels.map((y, row) => (four.centers[row] === '3' ? 1 - y : y)) }
    const [before, after] = [await run(four, cell), await run(turned, cell)]
    const probabilityOf = (line: string) => line.split(',')[0]
    const rows = four.ids.map((id, row) => ({ id, center: four.centers[row] }))
    const changed = rows.filter(
      ({ id }) => probabilityOf(before.predicted.get(id)!) !== probabilityOf(after.predicted.get(id)!),
    )
    expect(changed.filter(({ center }) => center === '3')).toEqual([])
    expect(new Set(changed.map(({ center }) => center)).size).toBeGreaterThan(1)
  })

  it('is told by a head without alignment whatever its own pixels are like, and with it by them', async () => {
    const moved = { ...four, x: { ...four.x, data: four.x.data.slice() } }
    for (const [row, center] of four.centers.entries())
      if (center === '3') for (let k = 0; k < 8; k++) moved.x.data[row * 8 + k] += 3
    const others = (predicted: Map<string, string>) =>
      four.ids.filter((_, row) => four.centers[row] === '3').map((id) => predicted.get(id))
    const aligned = { adapts: ['center'] }
    expect(others((await run(moved)).predicted)).not.toEqual(others((await run(four)).predicted))
    const [a, b] = [await run(moved, aligned), await run(four, aligned)]
    const accuracyOf = ({ result }: typeof a) => result.cells[0].byPart['3'].accuracy.value
    expect(accuracyOf(a)).toBeCloseTo(accuracyOf(b), 1)
    expect(a.result.cells[0]).toMatchObject({ id: 'center/logistic', transductive: true })
  })

  it('is better aligned than not where centers are far apart', async () => {
    const far = makeHospitals(['a', 'b', 'c', 'd'], 60, 2)
    const { result } = await run(far, { adapts: ['none', 'center'] })
    const [none, center] = ['logistic', 'center/logistic'].map(
      (id) => result.cells.find((cell) => cell.id === id)!.together.accuracy.value,
    )
    expect(center).toBeGreaterThan(none)
    expect(result.selection!.best).toBe('center/logistic')
    expect(result.differences).toHaveLength(1)
  })
})

describe('the result', () => {
  it('does not depend on the order of rows', async () => {
    const order = [...openRandom(1, 'order').permutation(four.ids.length)]
    const options = { ...small, unit: 'slide' as const, folds: 5 }
    const [first, second] = [await run(four, options), await run(reorderHospitals(four, order), options)]
    expect([...second.predicted].sort()).toEqual([...first.predicted].sort())
    const plain = ({ table: _, ...result }: Omit<LeaveOutResult, 'key'>) => result
    expect(plain(cellsOf(second.result))).toEqual(plain(cellsOf(first.result)))
  })

  it('gives metrics of each part and of all, and the mean over parts', async () => {
    const { result } = await run(four)
    const { together, byPart, overParts } = result.cells[0]
    expect(Object.keys(byPart).sort()).toEqual(['0', '1', '10', '3'])
    const values = Object.values(byPart).map(({ accuracy }) => accuracy.value)
    const mean = values.reduce((sum, value) => sum + value, 0) / 4
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3)
    expect(overParts.accuracy).toEqual({
      mean: expect.closeTo(mean),
      standardError: expect.closeTo(sd / 2),
      parts: 4,
    })
    expect(together).toMatchObject({
      count: 160,
      positives: 80,
      slides: 16,
      patients: 8,
      resampled: 'patients',
    })
    expect(together.accuracy.value).toBeGreaterThan(0.75)
    expect(result.parts[0]).toEqual({ name: '0', groups: ['0'], count: 40, positives: 20, stoppedBy: '1' })
  })

  it('has no AUROC for a center of one class, and its accuracy', async () => {
    const five = makeHospitals(['0', '1', '3', '10', '11'])
    const labels = five.labels.map((y, row) => (five.centers[row] === '11' ? 1 : y))
    const { result } = await run({ ...five, labels })
    const { byPart, overParts } = result.cells[0]
    expect(byPart['11'].auroc).toBeNull()
    expect(byPart['11'].accuracy.value).toBeGreaterThan(0)
    expect([overParts.accuracy.parts, overParts.auroc!.parts]).toEqual([5, 4])
    await expect(run({ ...five, labels }, { by: 'auroc', heads: ['logistic', 'knn'] })).rejects.toThrow(
      '--by auroc, 11: expected tumour and normal patches in every center, got 40 patches of one class',
    )
  })

  it('leaves whole patients out where these are named, and says where slides of one are on both sides', async () => {
    const patients = await run(four, { unit: 'patient' })
    expect(patients.result).toMatchObject({ groups: 8, leaveOut: 'patient' })
    expect(patients.result.cells[0].together).toMatchObject({ patients: 8, resampled: 'patients' })
    const slides = await run(four, { unit: 'slide' })
    expect(slides.result.groups).toBe(16)
    expect(slides.result.parts).toHaveLength(10)
    expect(slides.result.notes![0]).toMatch(/^8 of 8 patients have several slides, .*--leave-out patient/)
  })

  it('is judged at a number, at a threshold of the other parts, or at one by its share of tumour', async () => {
    const heads = { heads: ['logistic', 'knn'], by: 'accuracy' as const }
    const fixed = await run(four, { ...heads, threshold: 0.3 })
    expect(fixed.result.cells[0].threshold).toBe(0.3)
    const rows = [...fixed.predicted].map(([id, said]) => ({ id, p: Number(said.split(',')[0]) }))
    const rowOf = new Map(four.ids.map((id, row) => [id, row]))
    const known = rows.map(({ id, p }) => {
      const row = rowOf.get(id)!
      return { p, label: four.labels[row], center: four.centers[row] }
    })
    const right = known.filter(({ p, label }) => p >= 0.3 === (label === 1)).length
    expect(fixed.result.cells.find(({ id }) => id === 'logistic')!.together.accuracy.value).toBe(right / 160)

    const heldOut = await run(four, { ...heads, threshold: 'held-out' })
    const thresholds = heldOut.result.cells.find(({ id }) => id === 'logistic')!.threshold
    for (const center of ['0', '1', '3', '10']) {
      const others = known.filter((patch) => patch.center !== center)
      const chosen = chooseThreshold({
        labels: Uint8Array.from(others, ({ label }) => label),
        probabilities: Float32Array.from(others, ({ p }) => p),
      })
      expect((thresholds as Record<string, number>)[center]).toBeCloseTo(chosen, 5)
    }

    const { cells, selection, differences } = (await run(four, { ...heads, threshold: 'share' })).result
    for (const { byPart, overParts, id } of cells) {
      if (id === 'logistic') {
        for (const { confusion, positives } of Object.values(byPart))
          expect(confusion.tp + confusion.fp).toBe(positives)
      }
      const { score } = selection!.ranking.find((ranked) => ranked.id === id)!
      expect(score).toBeCloseTo(overParts.accuracy.mean, 12) // chosen by what is shown
    }
    const accuracyOf = (wanted: string) => cells.find(({ id }) => id === wanted)!.together.accuracy.value
    const [{ cell, difference }] = differences!
    expect(difference.value).toBeCloseTo(accuracyOf(selection!.chosen) - accuracyOf(cell), 12)
  })

  it('compares several cells as a study does', async () => {
    const { result, out } = await run(four, { heads: ['knn', 'logistic', 'mlp:paper'], options: {} })
    expect(result.cells.map(({ id }) => id)).toEqual(['logistic', 'knn', 'mlp:paper'])
    const { selection, differences } = result
    expect(selection!.centers).toEqual(['0', '1', '10', '3'])
    expect(selection!.ranking).toHaveLength(3)
    expect(differences!.map(({ cell }) => cell)).not.toContain(selection!.chosen)
    const [header] = readFileSync(`${out}/predictions.csv`, 'utf8').split('\n')
    expect(header).toBe('id,center,slide,patient,label,heldOut,logistic,knn,mlp:paper')
  })
})

describe('a run that was stopped', () => {
  // Stops when the `last` head begins.
  async function stopAt(last: number, options: Partial<LeaveOutOptions>): Promise<void> {
    let begun = 0
    const stopped = new Error('stopped')
    const step = () => {
      begun++
      return () => {
        if (begun === last) throw stopped
      }
    }
    await expect(leaveOut({ ...(options as LeaveOutOptions), step })).rejects.toThrow('stopped')
  }

  const optionsOf = (written: ReturnType<typeof write>, out: string): Partial<LeaveOutOptions> => ({
    ...written,
    ...small,
    unit: 'center',
    adapts: ['none'],
    by: 'log-loss',
    seed: 0,
    out: at(out),
  })

  it('goes on where it was, to the same bytes', async () => {
    const written = write(four)
    const options = optionsOf(written, 'stopped')
    await stopAt(3, options)
    expect(readdirSync(at('stopped.work', 'held')).sort()).toEqual(
      expect.arrayContaining(['cell-0-fold-0.npy', 'cell-0-fold-1.npy']),
    )
    let begun = 0
    const step = () => {
      begun++
      return () => {}
    }
    await leaveOut({ ...(options as LeaveOutOptions), step })
    expect(begun).toBe(2)
    const whole = await leaveOut({ ...(options as LeaveOutOptions), out: at('whole'), step })
    expect(begun).toBe(6)
    for (const file of ['predictions.csv', 'leave-out.json'])
      expect(readFileSync(at('stopped', file), 'utf8'), file).toBe(readFileSync(at('whole', file), 'utf8'))
    expect(readdirSync(at('stopped')).sort()).toEqual(['leave-out.json', 'predictions.csv'])
    expect(await leaveOut({ ...(options as LeaveOutOptions), step })).toEqual(whole)
    expect(begun).toBe(6)
  })

  it('begins anew where labels have changed', async () => {
    const written = write(four)
    const options = optionsOf(written, 'anew')
    await stopAt(3, options)
    const labels = four.labels.map((y, row) => (row < 4 ? 1 - y : y))
    writeFileSync(written.labels!, describeHospitals({ ...four, labels }))
    let begun = 0
    await leaveOut({
      ...(options as LeaveOutOptions),
      step: () => {
        begun++
        return () => {}
      },
    })
    expect(begun).toBe(4)
  })
})
