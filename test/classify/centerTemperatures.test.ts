import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { fitCenterTemperatures, temperatureOf } from '../../src/classify/index.ts'

// Logits of calibrated patches, of center a twice and of b four times too far from 0.
function inflate(count: number) {
  const random = openRandom(1, 'temperatures')
  const rows = Array.from({ length: count }, (_, i) => {
    const logit = 2 * random.normal()
    const center = i % 2 ? 'a' : 'b'
    return {
      center,
      y: Number(random.uniform() < 1 / (1 + Math.exp(-logit))),
      logit: logit * (i % 2 ? 2 : 4),
    }
  })
  const split = (chosen: typeof rows) =>
    [
      Float32Array.from(chosen, ({ logit }) => logit),
      Uint8Array.from(chosen, ({ y }) => y),
      chosen.map(({ center }) => center),
    ] as const
  return { rows, split }
}

describe('temperatures of centers', () => {
  const { rows, split } = inflate(8000)
  const temperatures = fitCenterTemperatures(...split(rows))

  it('are those by which the logits of each center were inflated', () => {
    expect(temperatures.byCenter.a).toBeCloseTo(2, 0)
    expect(temperatures.byCenter.b).toBeCloseTo(4, 0)
    expect(temperatures.pooled).toBeGreaterThan(temperatures.byCenter.a)
    expect(temperatures.pooled).toBeLessThan(temperatures.byCenter.b)
  })

  it('give a center without labels the pooled one', () => {
    expect(temperatureOf(temperatures, 'a')).toBe(temperatures.byCenter.a)
    expect(temperatureOf(temperatures, 'c')).toBe(temperatures.pooled)
    expect(temperatureOf(temperatures, 'constructor')).toBe(temperatures.pooled)
    expect(temperatureOf(temperatures, null)).toBe(temperatures.pooled)
  })

  it('do not depend on the order of rows', () => {
    expect(fitCenterTemperatures(...split([...rows].reverse()))).toEqual(temperatures)
  })

  it('refuse columns of different length, and no rows', () => {
    const [logits, y, centers] = split(rows)
    expect(() => fitCenterTemperatures(logits, y, centers.slice(1))).toThrow(
      /centers.*8000 entries, got 7999/,
    )
    expect(() => fitCenterTemperatures(logits.slice(0, 0), y.slice(0, 0), [])).toThrow(/at least one row/)
  })
})
