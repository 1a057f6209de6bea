// How accurate a cell may be on a hospital whose labels nobody asked for, in words: for report, model card and terminal alike.

import type { Cell, CenterForecast } from './record.ts'

/** What is forecast of a cell's accuracy on each center of patches without labels, in sentences; none where nothing is. */
export function describeForecasts({ forecasts = [] }: Pick<Cell, 'forecasts'>): string[] {
  return forecasts.map(describeForecast)
}

function describeForecast({ center, methods, byVal }: CenterForecast): string {
  const { differenceOfConfidences: own, meanAccuracy: plain } = methods
  const where = center === null ? 'these patches' : `center ${center}`
  const { value, low, high } = own.accuracy
  const bounds = own.byCenter.length > 2 ? ` (95 % interval ${points(low)} to ${points(high)})` : ''
  const ground = byVal ? 'validation' : 'held-out'
  return `Expected accuracy on ${where}, from how sure the model is there and without a label of it: ${points(value)} %${bounds}. ${describeError(own.expectedError, plain.expectedError, ground)} A model that is wrong and as sure as ever deceives it.`
}

function describeError(error: number | null, plain: number | null, ground: string): string {
  const care =
    ground === 'validation'
      ? ' It rests on validation, which also stopped the training and chose the cell.'
      : ''
  if (error === null || plain === null)
    return `How far such a forecast is off is not known: one ${ground} center cannot tell it.${care}`
  const comparison =
    error < plain
      ? `taking the mean accuracy of the other centers, by ${points(plain)}`
      : `no better than taking the mean accuracy of the other centers, which was off by ${points(plain)}`
  return `For the ${ground} centers the same forecast was off by ${points(error)} points in the mean; ${comparison}.${care}`
}

const points = (share: number) => (100 * share).toFixed(1)
