// Choosing a cell by held-out centers: the mean over centers, the rule of one standard error, ties.

import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { type SelectionOptions, selectCell } from '../../src/evaluate/index.ts'

// Slides of 20 patches, 8 to a center; `skill` is how far tumour lies from normal.
function makePatches(skills: Readonly<Record<string, number>>, seed = 0): SelectionOptions {
  const random = openRandom(seed, 'selection')
  const [labels, centers, slides]: [number[], string[], string[]] = [[], [], []]
  const probabilities: Record<string, number[]> = Object.fromEntries(
    Object.keys(skills).map((id) => [id, []]),
  )
  for (const center of ['0', '1', '3']) {
    for (let slide = 0; slide < 8; slide++) {
      const shift = 0.5 * random.normal()
      for (let patch = 0; patch < 20; patch++) {
        const label = patch % 2
        labels.push(label)
        centers.push(center)
        slides.push(String(slide))
        const shared = random.normal()
        for (const [id, skill] of Object.entries(skills)) {
          const logit = skill * (2 * label - 1) + shift + shared + 0.3 * random.normal()
          probabilities[id].push(1 / (1 + Math.exp(-logit)))
        }
      }
    }
  }
  return {
    labels: Uint8Array.from(labels),
    centers,
    slides,
    candidates: Object.keys(skills).map((id) => ({
      id,
      probabilities: Float32Array.from(probabilities[id]),
      threshold: 0.5,
    })),
    by: 'log-loss',
    rule: 'one-standard-error',
  }
}

function shuffle(options: SelectionOptions): SelectionOptions {
  const order = openRandom(1, 'shuffle').permutation(options.labels.length)
  return {
    ...options,
    labels: options.labels.map((_, i) => options.labels[order[i]]),
    centers: options.centers!.map((_, i) => options.centers![order[i]]),
    slides: options.slides!.map((_, i) => options.slides![order[i]]),
    candidates: options.candidates.map((candidate) => ({
      ...candidate,
      probabilities: candidate.probabilities.map((_, i) => candidate.probabilities[order[i]]),
    })),
  }
}

describe('the score of a cell', () => {
  it.each([
    ['log-loss', [-Math.log(0.8), -(Math.log(0.6) + Math.log(0.9)) / 2]],
    ['accuracy', [1, 1]],
    ['auroc', [1, 1]],
  ] as const)('by %s is the mean over centers, large or small', (by, byCenter) => {
    const { ranking } = selectCell({
      labels: Uint8Array.of(1, 1, 1, 0, 1, 0),
      centers: ['a', 'a', 'a', 'a', 'b', 'b'],
      slides: ['1', '2', '1', '2', '1', '2'],
      candidates: [{ id: 'x', probabilities: Float32Array.of(0.8, 0.8, 0.8, 0.2, 0.6, 0.1), threshold: 0.5 }],
      by,
      rule: 'best',
    })
    expect(ranking[0].score).toBeCloseTo((byCenter[0] + byCenter[1]) / 2, 6)
  })

  it('does not depend on the order of rows', () => {
    const options = makePatches({ a: 1, b: 1.5, c: 1.4 })
    for (const by of ['log-loss', 'auroc', 'accuracy'] as const)
      expect(selectCell({ ...shuffle(options), by })).toEqual(selectCell({ ...options, by }))
  })

  it('asks for both classes where it ranks', () => {
    const one = { ...makePatches({ a: 1 }), by: 'auroc' } as const
    const labels = one.labels.map((label, i) => (one.centers![i] === '3' ? 1 : label))
    expect(() => selectCell({ ...one, labels })).toThrow(
      'select by auroc, center 3: expected patches of both classes in every held-out center, got one class',
    )
  })
})

describe('the rule of one standard error', () => {
  const options = makePatches({ simple: 1.95, complex: 2.02, worse: 0.4 })

  it('takes the simplest of those that are as good as the best', () => {
    const { chosen, best, ranking } = selectCell(options)
    expect(best).toBe('complex')
    expect(chosen).toBe('simple')
    const [, second, last] = ranking
    expect(second).toMatchObject({ id: 'simple', tied: true })
    expect(second.behind).toBeLessThanOrEqual(second.standardError!)
    expect(last).toMatchObject({ id: 'worse', tied: false })
    expect(last.behind).toBeGreaterThan(last.standardError!)
  })

  it('takes the best where it is asked to', () => {
    expect(selectCell({ ...options, rule: 'best' }).chosen).toBe('complex')
  })

  it('does not take a simple cell that is clearly worse', () => {
    const { chosen } = selectCell(makePatches({ worse: 0.4, better: 2 }))
    expect(chosen).toBe('better')
  })
})

describe('ties', () => {
  it('are called differences in at most 5 % of sets where all cells are alike (simulated)', () => {
    const sets = 200
    let wrong = 0
    for (let seed = 0; seed < sets; seed++) {
      const { ranking } = selectCell(makePatches({ a: 1, b: 1, c: 1, d: 1 }, seed))
      if (ranking.some(({ tied }) => !tied)) wrong++
    }
    expect(wrong / sets).toBeLessThanOrEqual(0.08) // .05 and two standard errors
  })
})
