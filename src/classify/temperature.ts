// Temperature scaling: one number that all logits are divided by, so that probabilities mean what they say.
// Guo et al., "On calibration of modern neural networks" (2017), section 4.2.

/** The temperature of a head, from its logits on val, for each way to calibrate. */
export const calibrations = {
  none: () => 1,
  temperature: fitTemperature,
} satisfies Record<string, (logits: Float32Array, y: Uint8Array) => number>

/** How a head's probabilities are calibrated on val. */
export type Calibration = keyof typeof calibrations

// Beyond these the split is (nearly) separated or pure noise, and no temperature can be estimated.
const coldest = 0.05
const hottest = 20

/**
 * The temperature, .05 to 20, that minimises the log loss of logits / temperature. The loss is convex in
 * 1 / temperature, so its slope is bisected.
 */
export function fitTemperature(logits: Float32Array, y: Uint8Array): number {
  let low = 1 / hottest
  let high = 1 / coldest
  for (let halving = 0; halving < 60; halving++) {
    const middle = Math.sqrt(low * high)
    if (measureSlope(logits, y, middle) < 0) low = middle
    else high = middle
  }
  return 1 / Math.sqrt(low * high)
}

// Derivative of the summed log loss with respect to the inverse temperature.
function measureSlope(logits: Float32Array, y: Uint8Array, inverse: number): number {
  let slope = 0
  for (let row = 0; row < y.length; row++) {
    slope += (1 / (1 + Math.exp(-inverse * logits[row])) - y[row]) * logits[row]
  }
  return slope
}

/** Mean log loss of logits against labels, and the share of rows on the right side of 0. */
export function measureLogits(logits: Float32Array, y: Uint8Array): { loss: number; accuracy: number } {
  let loss = 0
  let right = 0
  for (let row = 0; row < y.length; row++) {
    const signed = y[row] === 1 ? logits[row] : -logits[row]
    loss += Math.max(0, -signed) + Math.log1p(Math.exp(-Math.abs(signed)))
    if (logits[row] >= 0 === (y[row] === 1)) right++
  }
  return { loss: loss / y.length, accuracy: right / y.length }
}

/** Probabilities of 0 and 1 are no surer than this where log odds are taken. */
export const surest = 1e-7

/** The log odds of probabilities; those of 0 and 1 are finite. */
export function logitsOf(probabilities: Float32Array): Float32Array {
  return Float32Array.from(probabilities, logitOf)
}

/** Probabilities whose log odds are divided by `temperature`; by 1 they are as they were, to the bit. */
export function temper(probabilities: Float32Array, temperature: number): Float32Array {
  if (temperature === 1) return probabilities
  return Float32Array.from(probabilities, (p) => 1 / (1 + Math.exp(-logitOf(p) / temperature)))
}

function logitOf(probability: number): number {
  const p = Math.min(1 - surest, Math.max(surest, probability))
  return Math.log(p / (1 - p))
}
