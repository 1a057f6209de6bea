// Student's t distribution, for degrees of freedom that need not be whole. Its two tails are the regularised
// incomplete beta function I(df / (df + t^2); df / 2, 1 / 2) by continued fraction: NIST Digital Library of
// Mathematical Functions, 8.17.22; log gamma by Stirling's series, 5.11.1.

/** The probability that |T| exceeds `t` (at least 0), with `degrees` (above 0) of freedom. */
export function studentTails(t: number, degrees: number): number {
  const [a, b] = [degrees / 2, 1 / 2]
  const x = degrees / (degrees + t * t)
  // The fraction converges fast on one side of the mean; the other is its mirror image.
  return x < (a + 1) / (a + b + 2)
    ? incompleteBeta(x, a, b)
    : 1 - incompleteBeta((t * t) / (degrees + t * t), b, a)
}

/** The t that |T| exceeds in `tails` (between 0 and 1) of all cases. */
export function studentQuantile(tails: number, degrees: number): number {
  let [low, high] = [0, 1]
  while (studentTails(high, degrees) > tails) [low, high] = [high, 2 * high]
  for (;;) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) return high
    if (studentTails(middle, degrees) > tails) low = middle
    else high = middle
  }
}

function incompleteBeta(x: number, a: number, b: number): number {
  if (x === 0) return 0
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  // Lentz's method: the fraction is the product of the ratios of successive numerators and denominators.
  let [fraction, numerator, denominator] = [1, 1, 0]
  for (let step = 1; step < 10_000; step++) {
    const m = step >> 1
    const term =
      step % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    denominator = 1 / (1 + term * denominator)
    numerator = 1 + term / numerator
    const ratio = numerator * denominator
    fraction *= ratio
    if (Math.abs(ratio - 1) < 1e-15) break
  }
  return front / (a * fraction)
}

function logGamma(x: number): number {
  if (x < 12) return logGamma(x + 1) - Math.log(x)
  const inverse = 1 / (x * x)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series
}
