// The radial power spectrum: how much of a plane's variation lies at which scale, whatever its direction.
// It is taken of one square window in the middle of the patch, faded out to its edges (Hann).

import { createFourier, type Fourier, transform } from './fourier.ts'

// Rings of spatial frequency, evenly spaced in the logarithm from 1/64 to 1/2 cycles a pixel.
const rings = 10

/** What is told of a spectrum: the log of its total, then the log share of each ring from coarse to fine. */
export const spectrumNames = ['total', ...Array.from({ length: rings }, (_, ring) => `ring${ring}`)] as const

/** Room and tables for the spectra of patches of one size. */
export interface Spectrum {
  readonly side: number
  readonly fourier: Fourier
  readonly fade: Float64Array
  /** The ring of each frequency; `rings` for the mean, which is not told. */
  readonly ringOf: Uint8Array
  readonly row: { readonly real: Float64Array; readonly imaginary: Float64Array }
  /** Transformed rows, stored column by column so that the second pass reads along memory. */
  readonly columns: { readonly real: Float64Array; readonly imaginary: Float64Array }
  readonly power: Float64Array
}

/** Prepares spectra: the window is 64 pixels wide, or 32 where the patch is smaller. */
export function createSpectrum(height: number, width: number): Spectrum {
  const side = Math.min(height, width) >= 64 ? 64 : 32
  const room = (length: number) => ({ real: new Float64Array(length), imaginary: new Float64Array(length) })
  return {
    side,
    fourier: createFourier(side),
    fade: Float64Array.from(
      { length: side },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / side),
    ),
    ringOf: Uint8Array.from({ length: side * side }, (_, i) => ringAt(Math.floor(i / side), i % side, side)),
    row: room(side),
    columns: room(side * side),
    power: new Float64Array(rings + 1),
  }
}

function ringAt(u: number, v: number, side: number): number {
  const fold = (k: number) => Math.min(k, side - k) / side
  const frequency = Math.hypot(fold(u), fold(v))
  if (frequency === 0) return rings
  const place = Math.log2(frequency * 64) / Math.log2(32)
  return Math.max(0, Math.min(rings - 1, Math.floor(place * rings)))
}

/** Writes the figures of `spectrumNames` for one plane. A blank window has no power and even shares. */
export function measureSpectrum(
  spectrum: Spectrum,
  plane: Uint8Array,
  height: number,
  width: number,
  out: Float32Array,
  at: number,
): number {
  const { power, side } = spectrum
  transformRows(spectrum, plane, ((height - side) >> 1) * width + ((width - side) >> 1), width)
  sumRings(spectrum)
  let total = 0
  for (let ring = 0; ring < rings; ring++) total += power[ring]
  const floor = 1 + total * 1e-6 // below a level's rounding noise a share says nothing
  out[at++] = Math.log10(total + 1)
  for (let ring = 0; ring < rings; ring++) {
    out[at++] = Math.log10((power[ring] + floor) / (total + rings * floor))
  }
  return at
}

// Two real rows travel through one complex transform and are told apart by their symmetry. Only the columns up
// to half the side are kept: the others mirror them.
function transformRows(spectrum: Spectrum, plane: Uint8Array, corner: number, width: number): void {
  const { side, fourier, fade, row, columns } = spectrum
  const mean = meanOf(plane, corner, width, side)
  for (let y = 0; y < side; y += 2) {
    const first = corner + y * width
    for (let x = 0; x < side; x++) {
      row.real[x] = (plane[first + x] - mean) * fade[x] * fade[y]
      row.imaginary[x] = (plane[first + width + x] - mean) * fade[x] * fade[y + 1]
    }
    transform(fourier, row.real, row.imaginary, 0)
    for (let k = 0; k <= side / 2; k++) {
      const mirror = (side - k) & (side - 1)
      const at = k * side + y
      columns.real[at] = (row.real[k] + row.real[mirror]) / 2
      columns.imaginary[at] = (row.imaginary[k] - row.imaginary[mirror]) / 2
      columns.real[at + 1] = (row.imaginary[k] + row.imaginary[mirror]) / 2
      columns.imaginary[at + 1] = (row.real[mirror] - row.real[k]) / 2
    }
  }
}

function meanOf(plane: Uint8Array, corner: number, width: number, side: number): number {
  let sum = 0
  for (let y = 0; y < side; y++) {
    for (let i = corner + y * width; i < corner + y * width + side; i++) sum += plane[i]
  }
  return sum / (side * side)
}

function sumRings(spectrum: Spectrum): void {
  const { side, fourier, ringOf, power } = spectrum
  const { real, imaginary } = spectrum.columns
  power.fill(0)
  for (let k = 0; k <= side / 2; k++) {
    transform(fourier, real, imaginary, k * side)
    const weight = (k === 0 || k === side / 2 ? 1 : 2) / (side * side)
    for (let i = k * side; i < (k + 1) * side; i++) {
      power[ringOf[i]] += weight * (real[i] * real[i] + imaginary[i] * imaginary[i])
    }
  }
}
