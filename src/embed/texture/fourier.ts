// The discrete Fourier transform of complex rows whose length is a power of two (Cooley and Tukey, radix 2, in place).

/** Tables for transforms of one length. */
export interface Fourier {
  readonly size: number
  readonly cosines: Float64Array
  readonly sines: Float64Array
  readonly reversed: Uint16Array
}

/** Prepares transforms of `size` values, a power of two of at least 4. */
export function createFourier(size: number): Fourier {
  const bits = Math.log2(size)
  const reverse = (i: number) => {
    let reversed = 0
    for (let bit = 0; bit < bits; bit++) reversed |= ((i >> bit) & 1) << (bits - 1 - bit)
    return reversed
  }
  return {
    size,
    cosines: Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size)),
    sines: Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size)),
    reversed: Uint16Array.from({ length: size }, (_, i) => reverse(i)),
  }
}

/** Transforms the `size` values of `real + i imaginary` that begin at `start`, in place. */
export function transform(
  fourier: Fourier,
  real: Float64Array,
  imaginary: Float64Array,
  start: number,
): void {
  const { size, cosines, sines } = fourier
  reverseOrder(fourier, real, imaginary, start)
  addPairs(size, real, imaginary, start)
  for (let span = 2; span < size; span *= 2) {
    const stride = size / (2 * span)
    for (let k = 0; k < span; k++) {
      const c = cosines[k * stride]
      const s = sines[k * stride]
      for (let even = start + k; even < start + size; even += 2 * span) {
        const odd = even + span
        const r = real[odd] * c - imaginary[odd] * s
        const m = real[odd] * s + imaginary[odd] * c
        real[odd] = real[even] - r
        imaginary[odd] = imaginary[even] - m
        real[even] += r
        imaginary[even] += m
      }
    }
  }
}

function reverseOrder(
  { size, reversed }: Fourier,
  real: Float64Array,
  imaginary: Float64Array,
  start: number,
): void {
  for (let i = 0; i < size; i++) {
    if (reversed[i] <= i) continue
    const from = start + i
    const to = start + reversed[i]
    const r = real[from]
    const m = imaginary[from]
    real[from] = real[to]
    imaginary[from] = imaginary[to]
    real[to] = r
    imaginary[to] = m
  }
}

// The first stage, whose only factor is 1.
function addPairs(size: number, real: Float64Array, imaginary: Float64Array, start: number): void {
  for (let i = start; i < start + size; i += 2) {
    const r = real[i + 1]
    const m = imaginary[i + 1]
    real[i + 1] = real[i] - r
    imaginary[i + 1] = imaginary[i] - m
    real[i] += r
    imaginary[i] += m
  }
}
