// Dropout masks: Bernoulli bits, 32 at a time. A probability is read as a binary fraction: from its last digit
// to its first, a word of random bits is or-ed (digit 1) or and-ed (digit 0) in, so that a half costs one random
// word for 32 values, and any other probability at most 24.

import type { Random } from '../base/index.ts'

const digits = 24

// sfc32 (Doty-Humphrey, PractRand): an order of magnitude faster than a general stream; seeded from one.
function openBits(random: Random): () => number {
  let [a, b, c] = [0, 0, 0].map(() => random.integer(0x1_0000_0000) | 0)
  let counter = 1
  const next = () => {
    const bits = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + bits) | 0
    return bits
  }
  for (let i = 0; i < 12; i++) next() // as its author advises, to mix the seed
  return next
}

/** Fills `mask` with 1 (probability `keep`, to 24 binary digits) and 0. Its length may be any. */
export function fillMask(mask: Uint8Array, keep: number, random: Random): void {
  let fraction = Math.round(keep * 2 ** digits)
  let count = digits
  if (fraction >= 2 ** digits || fraction === 0) {
    mask.fill(fraction === 0 ? 0 : 1)
    return
  }
  for (; (fraction & 1) === 0; count--) fraction >>>= 1 // zeros at the end would cost words and change nothing
  const next = openBits(random)
  const words = new Uint32Array(mask.buffer, mask.byteOffset, mask.length >> 2)
  const whole = words.length - (words.length % 8)
  for (let i = 0; i < whole; i += 8) {
    const bits = drawBits(fraction, count, next)
    for (let j = 0; j < 8; j++) words[i + j] = (bits >>> j) & 0x01010101
  }
  for (let i = whole * 4; i < mask.length; i += 32) {
    const bits = drawBits(fraction, count, next)
    for (let j = i; j < Math.min(i + 32, mask.length); j++) mask[j] = (bits >>> (j - i)) & 1
  }
}

// 32 bits, each 1 with probability fraction / 2^count: after digit d, P(1) is (d + P before) / 2.
function drawBits(fraction: number, count: number, next: () => number): number {
  let bits = 0
  for (let i = 0; i < count; i++) bits = (fraction >>> i) & 1 ? bits | next() : bits & next()
  return bits
}
