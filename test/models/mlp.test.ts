import { describe, expect, it } from 'vitest'
import { checkMlp } from '../../conformance/mlp.ts'
import { mlp } from '../../src/models/index.ts'

describe('mlp', () => {
  it('has the parameters of torch.nn.Sequential, in its order', () => {
    expect(Object.keys(mlp({ inputs: 8, hidden: [4] }).params)).toEqual([
      '0.weight',
      '0.bias',
      '1.weight',
      '1.bias',
      '1.running_mean',
      '1.running_var',
      '4.weight',
      '4.bias',
    ])
    expect(mlp({ inputs: 8, hidden: [4], outputs: 3 }).params['4.weight'].shape).toEqual([3, 4])
  })

  it.each(['mlp_adamw', 'mlp_full_size', 'mlp_formula_small'])('trains as PyTorch does: %s', async (name) => {
    const results = await checkMlp(`fixtures/${name}`)
    expect(results.length).toBeGreaterThan(100)
    expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
  })
})
