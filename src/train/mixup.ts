// Mixup: rows and their targets as weighted means of pairs (Zhang, Cisse, Dauphin & Lopez-Paz 2018).

import type { NdArray, Random } from '../base/index.ts'

/**
 * A draw from Beta(alpha, alpha), alpha above 0 to 1, by Joehnk's method (1964): u^(1/alpha) over u^(1/alpha) + v^(1/alpha), drawn
 * again while that sum is above 1. In logarithms, since both powers vanish for a small alpha.
 */
export function drawBeta(alpha: number, random: Random): number {
  while (true) {
    const [u, v] = [0, 0].map(() => Math.log(1 - random.uniform()) / alpha)
    if (Math.exp(u) + Math.exp(v) <= 1) return 1 / (1 + Math.exp(v - u))
  }
}

/** Row i becomes `share` times itself plus the rest times row `partners[i]`, both as they were before. */
export function mixRows({ data }: NdArray<'f32'>, partners: Uint32Array, share: number): void {
  const columns = data.length / partners.length
  const before = data.slice()
  for (const [row, partner] of partners.entries()) {
    for (let i = 0; i < columns; i++) {
      const own = before[row * columns + i]
      data[row * columns + i] = own + (1 - share) * (before[partner * columns + i] - own)
    }
  }
}
