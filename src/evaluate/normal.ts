// The two tails of the standard normal distribution: by its series near 0 and by its continued fraction beyond, NIST Digital
// Library of Mathematical Functions, 7.6.1 and 7.9.1.

/** The probability that a standard normal variable is further from 0 than `z`; 0 below what a number can hold. */
export function normalTails(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  return x < 2 ? 1 - sumSeries(x) : followFraction(x)
}

// erf(x) = 2 / sqrt(pi) (x - x^3 / 3 + x^5 / 10 - ...)
function sumSeries(x: number): number {
  let [sum, power] = [x, x]
  for (let n = 1; Math.abs(power) > 1e-18 * Math.abs(sum); n++) {
    power *= -(x * x) / n
    sum += power / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

// erfc(x) = exp(-x^2) / sqrt(pi) / (x + 1/2 / (x + 1 / (x + 3/2 / (x + ...)))), from its far end.
function followFraction(x: number): number {
  let fraction = x
  for (let n = 80; n > 0; n--) fraction = x + n / 2 / fraction
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction
}
