// The hospital signature where centers do not differ and where they do, slides of a center being alike in either case.

import { f32, openRandom, type Random } from '../../src/base/index.ts'
import { measureSignature } from '../../src/evaluate/index.ts'
import { holds, type Simulation } from './simulation.ts'

const dimensions = 8
const patchesOfSlide = 25

/** Embeddings of three centers: patches lie around their slide, slides around their center. */
function drawEmbeddings(random: Random, slides: number, gap: number) {
  const names = ['a', 'b', 'c']
  const drawPoint = (around: readonly number[], spread: number) =>
    around.map((value) => value + spread * random.normal())
  const rows = names.flatMap((center, c) => {
    // centers lie on axes of their own, gap from the middle
    const middle = Array.from({ length: dimensions }, (_, i) => (i === c ? gap : 0))
    return Array.from({ length: slides }, (_, slide) => {
      const place = drawPoint(middle, 0.5)
      return Array.from({ length: patchesOfSlide }, () => ({
        center,
        slide: `${center}${slide}`,
        point: drawPoint(place, 1),
      }))
    }).flat()
  })
  return {
    x: f32([rows.length, dimensions], Float32Array.from(rows.flatMap(({ point }) => point))),
    centers: rows.map(({ center }) => center),
    slides: rows.map(({ slide }) => slide),
  }
}

const kinds = ['linear', 'neighbours', 'silhouette'] as const

export const signatures: Simulation = {
  name: 'signatures',
  columns: ['none', 'some'].flatMap((gap) => kinds.map((kind) => `${gap}: ${kind}`)),
  settings: [{ slides: 5 }, { slides: 10 }, { slides: 20 }],
  prepare(seed, endless = 200) {
    const measure = async (random: Random, slides: number, gap: number) =>
      (await measureSignature(drawEmbeddings(random, slides, gap), { seed }))!
    const means = new Map<number, Promise<number[]>>()
    const measureMeans = async (slides: number): Promise<number[]> => {
      const sums = kinds.map(() => 0)
      for (let draw = 0; draw < endless; draw++) {
        const found = await measure(openRandom(seed, 'signature', slides, draw), slides, someGap)
        for (const [i, kind] of kinds.entries()) sums[i] += found[kind].value / endless
      }
      return sums
    }
    return {
      truth: 'without a signature chance (1/3) and 0; with one, the mean over other draws of as many slides',
      async judge(random, { slides }) {
        if (!means.has(slides)) means.set(slides, measureMeans(slides))
        const truths = await means.get(slides)!
        const none = await measure(random, slides, 0)
        const some = await measure(random, slides, someGap)
        return [
          ...kinds.map((kind, i) => holds(none[kind], [1 / 3, 1 / 3, 0][i])),
          ...kinds.map((kind, i) => holds(some[kind], truths[i])),
        ]
      },
    }
  },
}

const someGap = 0.7
