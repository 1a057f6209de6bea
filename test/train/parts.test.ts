import { describe, expect, it } from 'vitest'
import { f32, openRandom } from '../../src/base/index.ts'
import {
  constantRate,
  type EpochResult,
  findBestEpoch,
  linearDecayRate,
  plateauRate,
  runLoop,
  shouldStop,
} from '../../src/train/index.ts'
import { fillMask } from '../../src/train/masks.ts'

const historyOf = (losses: number[]): EpochResult[] =>
  losses.map((loss, i) => ({ epoch: i + 1, learningRate: 1, training: {}, validation: { loss } }))

describe('schedules', () => {
  it('of a plateau halve the rate after four epochs without gain, as torch with patience 3', () => {
    const rates = (losses: number[]) =>
      losses.map((_, i) => plateauRate().rate(historyOf(losses.slice(0, i + 1)), 1))
    expect(rates([5, 4, 4, 4, 4, 4, 4, 4, 4, 4])).toEqual([1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25])
    expect(rates([5, 4, 4, 4, 4, 3.9, 4])).toEqual([1, 1, 1, 1, 1, 1, 1])
    expect(plateauRate({ patience: 0, minimum: 0.4 }).rate(historyOf([1, 1, 1, 1]), 1)).toBe(0.4)
  })

  it('fall linearly as CycleGAN does, or not at all', () => {
    const at = (epochs: number) => linearDecayRate(2, 2).rate(historyOf(Array(epochs).fill(1)), 3)
    expect([0, 1, 2, 3, 4].map(at)).toEqual([3, 3, 2, 1, 0].map((rate) => expect.closeTo(rate, 12)))
    const early = linearDecayRate(7, 3, 'before')
    const ten = Array.from({ length: 10 }, (_, i) => early.rate(historyOf(Array(i).fill(1)), 1))
    expect(ten).toEqual([1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0])
    expect(early.name).not.toBe(linearDecayRate(7, 3).name)
    expect(constantRate().rate(historyOf([1, 2]), 0.1)).toBe(0.1)
  })
})

describe('the loop', () => {
  it('keeps the weights of the best epoch, or of the last where that is asked for', async () => {
    let epoch = 0
    const weights = () => ({ w: f32([1], [epoch]) })
    const task = {
      rows: 1,
      step: async () => ({}),
      async validate(place: { readonly epoch: number }) {
        epoch = place.epoch
        return { loss: Math.abs(place.epoch - 2) }
      },
      weights,
      state: weights,
      restore() {},
    }
    const options = { epochs: 4, batchSize: 1, learningRate: 1, seed: 0 }
    const ends = async (keep?: 'best' | 'last') => {
      const { bestEpoch, weights } = await runLoop(task, { ...options, keep })
      return [bestEpoch, weights.w.data[0]]
    }
    expect(await ends()).toEqual([2, 2])
    expect(await ends('last')).toEqual([4, 4])
  })
})

describe('early stopping', () => {
  it('waits patience epochs after the best, the first of equals', () => {
    expect(findBestEpoch(historyOf([3, 1, 2, 1]))).toBe(1)
    expect(shouldStop(historyOf([3, 1, 2]), { patience: 2 })).toBe(false)
    expect(shouldStop(historyOf([3, 1, 2, 1]), { patience: 2 })).toBe(true)
    expect(shouldStop([], { patience: 1 })).toBe(false)
  })
})

describe('fillMask', () => {
  it.each([0.5, 0.9, 0.25, 0.1, 2 / 3])('keeps a share of %d, bit by bit independently', (keep) => {
    const mask = new Uint8Array(200_000)
    fillMask(mask, keep, openRandom(0, 'mask', keep * 1000))
    const share = (values: Uint8Array) => values.reduce((sum, bit) => sum + bit, 0) / values.length
    const deviation = Math.sqrt((keep * (1 - keep)) / mask.length)
    expect(Math.abs(share(mask) - keep)).toBeLessThan(4 * deviation)
    expect(mask.every((bit) => bit === 0 || bit === 1)).toBe(true)
    for (const lag of [1, 4, 8, 32]) {
      const both = mask.subarray(lag).map((bit, i) => bit & mask[i])
      expect(Math.abs(share(both) - keep * keep)).toBeLessThan(5 * deviation)
    }
  })

  it('fills any length, and keeps all of a certainty', () => {
    const mask = new Uint8Array(37).fill(7)
    fillMask(mask, 1, openRandom(0))
    expect(mask.every((bit) => bit === 1)).toBe(true)
    fillMask(mask, 0.5, openRandom(0))
    expect(new Set(mask)).toEqual(new Set([0, 1]))
  })
})
