// Several seeds of one model: spread of a figure, and the mean of their probabilities.

import { DataError } from '../base/index.ts'

/** Mean and sample standard deviation (n - 1) over seeds; one seed shows no spread: sd 0. */
export function overSeeds(values: readonly number[]): { mean: number; sd: number } {
  if (values.length === 0)
    throw new DataError({ where: 'overSeeds', expected: 'at least one seed', got: 'none' })
  const sorted = Float64Array.from(values).sort() // the order of seeds must not decide the last bit
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, sd: sorted.length > 1 ? Math.sqrt(squares / (sorted.length - 1)) : 0 }
}

/** The mean probability of each patch over several models. Throws DataError where lengths differ. */
export function averageProbabilities(models: readonly Float32Array[]): Float32Array {
  if (models.length === 0) {
    throw new DataError({ where: 'averageProbabilities', expected: 'at least one model', got: 'none' })
  }
  for (const { length } of models) {
    if (length !== models[0].length) {
      throw new DataError({
        where: 'averageProbabilities',
        expected: `${models[0].length} probabilities of every model`,
        got: `${length}`,
      })
    }
  }
  return models[0].map((_, i) => models.reduce((sum, model) => sum + model[i], 0) / models.length)
}
