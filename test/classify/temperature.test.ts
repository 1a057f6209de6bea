import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { fitTemperature, measureLogits } from '../../src/classify/temperature.ts'

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
