// How wide hidden layers may be: what their weights come to is bounded beside their number and width.

import { listOf, type OptionRule, whole } from '../base/index.ts'

const mostWeights = 2 ** 26

/** The rule for widths of `least` to 16 hidden layers, with at most 67 million weights between them (256 MiB). */
export function layerWidths(least: 0 | 1): OptionRule {
  const widths = listOf(whole(1, 16_384), least, 16, '[512,256,128]')
  const weigh = (values: readonly number[]) =>
    values.reduce((sum, width, i) => sum + (i > 0 ? width * values[i - 1] : 0), 0)
  return {
    expected: `${widths.expected}, with at most 2^26 weights between them`,
    accepts: (value) => widths.accepts(value) && weigh(value as number[]) <= mostWeights,
  }
}
