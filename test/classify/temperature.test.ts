import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { fitTemperature, logitsOf, measureLogits, temper } from '../../src/classify/temperature.ts'

describe('temperature scaling', () => {
  it('finds the temperature by which logits were inflated', () => {
    const random = openRandom(1, 'temperature')
    const honest = Float32Array.from({ length: 20_000 }, () => 2 * random.normal())
    const y = Uint8Array.from(honest, (logit) => (random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0))
    expect(fitTemperature(honest, y)).toBeCloseTo(1, 1)
    expect(
      fitTemperature(
        honest.map((logit) => 3 * logit),
        y,
      ),
    ).toBeCloseTo(3 * fitTemperature(honest, y), 4)
  })

  it('stays finite where the classes are separated or the logits are wrong', () => {
    expect(fitTemperature(Float32Array.of(-2, 3), Uint8Array.of(0, 1))).toBeCloseTo(0.05, 9)
    expect(fitTemperature(Float32Array.of(2, -3), Uint8Array.of(0, 1))).toBeCloseTo(20, 9)
  })
})

describe('measureLogits', () => {
  it('measures log loss and accuracy without overflow', () => {
    const { loss, accuracy } = measureLogits(Float32Array.of(0, 1000, -1000), Uint8Array.of(1, 1, 1))
    expect(loss).toBeCloseTo((Math.LN2 + 0 + 1000) / 3, 9)
    expect(accuracy).toBeCloseTo(2 / 3, 9)
  })
})

describe('probabilities under a temperature', () => {
  const probabilities = Float32Array.of(0, 0.1, 0.5, 0.9, 1)

  it('have their log odds divided by it, and stay as they are by 1', () => {
    const tempered = temper(probabilities, 2)
    expect(tempered[1]).toBeCloseTo(1 / (1 + Math.sqrt(9)), 6)
    expect(tempered[2]).toBe(0.5)
    expect(tempered[3]).toBeCloseTo(1 - tempered[1], 6)
    expect(temper(probabilities, 1)).toBe(probabilities)
  })

  it('are finite where they were 0 or 1', () => {
    expect([...logitsOf(probabilities)].every(Number.isFinite)).toBe(true)
    expect(temper(probabilities, 2)[0]).toBeGreaterThan(0)
    expect(temper(probabilities, 2)[4]).toBeLessThan(1)
  })
})
