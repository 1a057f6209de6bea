// Losses and scores: scalars, averaged over all elements, written so that they cannot overflow.

import * as g from '../graph/index.ts'

/** Mean of -[y log s(z) + (1-y) log(1-s(z))] with s the sigmoid; as torch's binary_cross_entropy_with_logits. */
export function bceWithLogits(logits: g.Value, labels: g.Value): g.Value {
  return g.reduceMean(logLosses(logits, labels))
}

/** The same for each element by itself. */
export function logLosses(logits: g.Value, labels: g.Value): g.Value {
  return g.sub(g.softplus(logits), g.mul(logits, labels))
}

/** Mean over rows of -sum y log softmax(z), for y [rows, classes] that sum to 1; as torch's cross_entropy of probabilities. */
export function crossEntropy(logits: g.Value, shares: g.Value): g.Value {
  const along = { axes: [1], keep: true }
  const shifted = g.sub(logits, g.stopGradient(g.reduceMax(logits, along)))
  const sum = g.log(g.reduceSum(g.exp(shifted), along))
  return g.reduceMean(g.reduceSum(g.mul(shares, g.sub(sum, shifted)), { axes: [1] }))
}

/** Mean squared difference. */
export function meanSquaredError(a: g.Value, b: g.Operand): g.Value {
  return g.reduceMean(g.square(g.sub(a, b)))
}

/** Mean absolute difference. */
export function meanAbsoluteError(a: g.Value, b: g.Operand): g.Value {
  return g.reduceMean(g.abs(g.sub(a, b)))
}

/** Share of logits on the right side of 0 for labels 0 and 1. */
export function binaryAccuracy(logits: g.Value, labels: g.Value): g.Value {
  const called = g.cast(g.greater(logits, 0), 'f32')
  const actual = g.cast(g.greater(labels, 0.5), 'f32')
  return g.reduceMean(g.sub(1, g.abs(g.sub(called, actual))))
}
