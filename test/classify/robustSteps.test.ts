// Three steps of each way of robust training beside a plain implementation.

import { describe, expect, it } from 'vitest'
import { f32, openRandom } from '../../src/base/index.ts'
import {
  headMethods,
  type LabelledEmbeddings,
  type RobustOptions,
  robustDefaults,
} from '../../src/classify/index.ts'
import { hashRows, numberCenters, orderRows, sortRows } from '../../src/classify/rowOrder.ts'
import { readSafetensors } from '../../src/formats/index.ts'
import { mlpParts } from '../../src/models/index.ts'
import { adversary } from '../../src/nn/index.ts'
import { initParams } from '../../src/train/index.ts'
import { type Layer, type Layers, trainPlainly } from './plainRobust.ts'
import { makeCenters } from './rows.ts'

const { mlp } = headMethods
const robustOf = (options: Partial<RobustOptions>): RobustOptions => ({ ...robustDefaults, ...options })

describe('three steps of training', () => {
  // Small numbers, so that the adversary's first values can be told from noise and Adam's steps are no signs alone.
  const random = openRandom(7, 'numbers')
  const draw = (rows: number) =>
    f32(
      [rows, 3],
      Array.from({ length: rows * 3 }, () => random.normal()),
    )
  const rows: LabelledEmbeddings = { x: draw(24), y: Uint8Array.from({ length: 24 }, (_, i) => i % 2) }
  const centers = makeCenters([12, 8, 4])
  const target = draw(10)
  const options = {
    ...mlp.defaults,
    hidden: [4],
    dropout: 0,
    batchNorm: false,
    optimizer: 'adam',
    weightDecay: 0,
    learningRate: 0.05,
    batchSize: 24,
    epochs: 3,
    schedule: 'constant',
    standardize: false,
  } as const

  async function toPlain(robust: RobustOptions, hasTarget: boolean, seed: number) {
    const hashes = await hashRows(rows.x)
    const numbers = numberCenters(hashes, rows.y, centers)
    const order = [...sortRows(hashes, rows.y, numbers)]
    const inTurn = await orderRows(target, new Uint8Array(10))
    const rowOf = ({ data }: { data: Float32Array }, row: number) => [...data.subarray(3 * row, 3 * row + 3)]
    const { hidden, output } = mlpParts({ inputs: 3, hidden: [4], norm: false })
    const domains = 3 + Number(hasTarget)
    const against = adversary({ name: 'adversary', inputs: 4, domains, weight: 1, rampSteps: 1 })
    const params = initParams({ ...hidden.params, ...output.params, ...against.params }, seed)
    const layerOf = (name: string): Layer => {
      const { data, shape } = params[`${name}.weight`]
      const weight = Array.from({ length: shape[0] }, (_, out) => [
        ...data.subarray(out * shape[1], (out + 1) * shape[1]),
      ])
      return { weight, bias: [...params[`${name}.bias`].data] }
    }
    const layers: Layers = {
      hidden: layerOf('0'),
      output: layerOf('4'),
      against: layerOf('adversary.0'),
      domains: layerOf('adversary.2'),
    }
    const task = {
      x: order.map((row) => rowOf(rows.x, row)),
      y: order.map((row) => rows.y[row]),
      centers: order.map((row) => numbers[row]),
      target: hasTarget ? Array.from(inTurn, (row) => rowOf(target, row)) : undefined,
      options: robust,
      learningRate: options.learningRate,
      seed,
    }
    return { layers, task }
  }

  const cases = [
    ['nothing', {}, false],
    ['mixup', { mixup: 0.4 }, false],
    ['GroupDRO', { groupDro: 0.5 }, false],
    ['an adversary', { adversarial: 3 }, false],
    ['an adversary with the target', { adversarial: 3 }, true],
    ['all of them', { mixup: 0.4, groupDro: 0.5, adversarial: 3 }, true],
  ] as const

  it.each(cases)('are those of a plain implementation in float64: %s', async (_, asked, hasTarget) => {
    const robust = robustOf(asked)
    const hooks = { robust: { options: robust, centers, ...(hasTarget && { target }) } }
    const head = await mlp.fit(rows, rows, options, 5, hooks)
    const files = await head.serialize()
    expect(JSON.parse(new TextDecoder().decode(files['head.json'])).chosen.bestEpoch).toBe(3)
    const tensors = readSafetensors(files['head.safetensors'], 'head')
    const { layers, task } = await toPlain(robust, hasTarget, 5)
    const start = structuredClone(layers)
    trainPlainly(layers, task, 3)
    for (const [i, name] of (['hidden', 'output'] as const).entries()) {
      const { weight, bias } = layers[name]
      const found = [...tensors[`layers.${i}.weight`].data, ...tensors[`layers.${i}.bias`].data]
      const expected = [...weight.flat(), ...bias]
      const begun = [...start[name].weight.flat(), ...start[name].bias]
      const worst = Math.max(...expected.map((value, j) => Math.abs(value - Number(found[j]))))
      const moved = Math.max(...expected.map((value, j) => Math.abs(value - begun[j])))
      expect(moved).toBeGreaterThan(0.05)
      expect(worst, name).toBeLessThan(1e-5)
    }
  })

  it('differ from one method to the other by far more than from the plain implementation', async () => {
    const ends = await Promise.all(
      cases.map(async ([, asked, hasTarget]) => {
        const { layers, task } = await toPlain(robustOf(asked), hasTarget, 5)
        trainPlainly(layers, task, 3)
        return layers.hidden.weight.flat()
      }),
    )
    for (const [i, a] of ends.entries()) {
      for (const b of ends.slice(i + 1)) {
        expect(Math.max(...a.map((value, j) => Math.abs(value - b[j])))).toBeGreaterThan(1e-3)
      }
    }
  })
})
