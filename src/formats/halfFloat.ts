// Half precision and single: IEEE 754 binary16 and bfloat16 are both exact in float32, which is rounded to the former.

// All 65,536 values of binary16, made when first needed: a checkpoint holds hundreds of millions.
let table: Float32Array | undefined

function makeTable(): Float32Array {
  return Float32Array.from({ length: 0x10000 }, (_, bits) => halfToNumber(bits))
}

/** The value of a binary16 number given by its bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** binary16 bits (1 sign, 5 exponent, 10 fraction) as float32. */
export function widenHalf(bits: Uint16Array): Float32Array {
  table ??= makeTable()
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]]
  return values
}

/** bfloat16 bits as float32: they are its upper half. */
export function widenBrainFloat(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16
  return new Float32Array(words.buffer)
}

/** float32 as the nearest binary16 bits, ties to even; from 65,520 on infinite. */
export function narrowHalf(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(words, narrowWord)
}

// By the bits of a float32: 1 sign, 8 exponent, 23 fraction.
function narrowWord(word: number): number {
  const sign = (word >>> 16) & 0x8000
  const exponent = ((word >>> 23) & 0xff) - 112
  const fraction = word & 0x7f_ffff
  if (exponent === 143) return sign | (fraction ? 0x7e00 : 0x7c00)
  if (exponent >= 31) return sign | 0x7c00
  if (exponent < -10) return sign
  // Below the smallest normal number the leading one is written out and shifted with the fraction.
  const isSmall = exponent <= 0
  const shift = isSmall ? 14 - exponent : 13
  const bits = isSmall ? fraction | 0x80_0000 : (exponent << 23) | fraction
  const kept = bits >>> shift
  const rest = bits - kept * 2 ** shift
  const half = 2 ** (shift - 1)
  const isUp = rest > half || (rest === half && (kept & 1) === 1)
  return sign | (kept + (isUp ? 1 : 0))
}
