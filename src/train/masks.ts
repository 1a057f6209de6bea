// Dropout masks: Bernoulli bits, 32 at a time. A probability is read as a binary fraction: from its last digit
// to its first, a word of random bits is or-ed (digit 1) or and-ed (digit 0) in, so that a half costs one random
// word for 32 values, and any other probability at most 24.

import type { Random } from '../base/index.ts'

const digits = 24

/** Fills `mask` with 1 (probability `keep`, to 24 binary digits) and 0. Its length may be any. */
export function fillMask(mask: Uint8Array, keep: number, random: Random): void {
  const fraction = Math.round(keep * 2 ** digits)
  if (fraction >= 2 ** digits) {
    mask.fill(1)
    return
  }
  const words = new Uint32Array(mask.buffer, mask.byteOffset, mask.length >> 2)
  const whole = words.length - (words.length % 8)
  for (let i = 0; i < whole; i += 8) {
    const bits = drawBits(fraction, random)
    for (let j = 0; j < 8; j++) words[i + j] = (bits >>> j) & 0x01010101
  }
  for (let i = whole * 4; i < mask.length; i += 32) {
    const bits = drawBits(fraction, random)
    for (let j = i; j < Math.min(i + 32, mask.length); j++) mask[j] = (bits >>> (j - i)) & 1
  }
}

// P(bit) after digit d is (d + P before) / 2: the fraction is built up from its last digit.
function drawBits(fraction: number, random: Random): number {
  let bits = 0
  let rest = fraction
  for (let i = 0; i < digits; i++, rest >>>= 1) {
    if (bits === 0 && (rest & 1) === 0) continue // zeros at the end cost nothing
    const word = random.integer(0x1_0000_0000)
    bits = rest & 1 ? bits | word : bits & word
  }
  return bits
}
