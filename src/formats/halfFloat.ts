// Half precision to single: IEEE 754 binary16 and bfloat16, both exact in float32.

// All 65,536 values of binary16, made when first needed: a checkpoint holds hundreds of millions.
let table: Float32Array | undefined

function makeTable(): Float32Array {
  return Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >> 10) & 0x1f
    const fraction = bits & 0x3ff
    if (exponent === 0) return sign * fraction * 2 ** -24
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
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
