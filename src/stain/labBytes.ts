// Reinhard's transfer in OpenCV's 8-bit LAB, as StainTools and tiatoolbox do it. Each channel has 256 levels,
// so statistics come from histograms and the transfer is a table; single precision where they use it.

import { lab8ToRgb, rgbToLab8 } from './lab8.ts'
import type { LabStatistics } from './labRoots.ts'
import { histogramPercentile } from './quantile.ts'
import { type Outcome, ok, rejectPatch } from './verdicts.ts'

/** The LAB statistics of RGB bytes: L from 0 to 100, a and b about 0. */
export function summariseLab8(data: Uint8Array): LabStatistics {
  const lab = new Uint8Array(data.length)
  rgbToLab8(data, lab)
  return summariseHistograms(countLevels(lab))
}

/** Writes `data` with the target's statistics to `out`; rejected where a channel has one level only. */
export function transferLab8(data: Uint8Array, out: Uint8Array, target: LabStatistics): Outcome {
  const lab = new Uint8Array(data.length)
  rgbToLab8(data, lab)
  const { means, deviations } = summariseHistograms(countLevels(lab))
  if (deviations.some((deviation) => !(deviation > 0))) return rejectPatch('a colour channel without spread')
  const tables = levelValues.map((values, k) =>
    Uint8Array.from(values, (value) => {
      const moved = (value - means[k]) * (target.deviations[k] / deviations[k]) + target.means[k]
      return Math.min(Math.max(k === 0 ? moved * 2.55 : moved + 128, 0), 255)
    }),
  )
  const [tableL, tableA, tableB] = tables
  for (let at = 0; at < lab.length; at += 3) {
    lab[at] = tableL[lab[at]]
    lab[at + 1] = tableA[lab[at + 1]]
    lab[at + 2] = tableB[lab[at + 2]]
  }
  lab8ToRgb(lab, out)
  return ok
}

/** Stretches L so that its percentile `percent` becomes white; rejected where that percentile is black. */
export function standardiseLightness8(data: Uint8Array, out: Uint8Array, percent: number): Outcome {
  const lab = new Uint8Array(data.length)
  rgbToLab8(data, lab)
  const bright = histogramPercentile(countLevels(lab)[0], percent)
  if (!(bright > 0)) return rejectPatch('black all over')
  const table = Uint8Array.from({ length: 256 }, (_, level) => Math.min((255 * level) / bright, 255))
  for (let at = 0; at < lab.length; at += 3) lab[at] = table[lab[at]]
  lab8ToRgb(lab, out)
  return ok
}

// What the 256 levels of each channel stand for.
const levelValues = [
  Float64Array.from({ length: 256 }, (_, level) => Math.fround(level / Math.fround(2.55))),
  Float64Array.from({ length: 256 }, (_, level) => level - 128),
  Float64Array.from({ length: 256 }, (_, level) => level - 128),
]

function countLevels(lab: Uint8Array): Uint32Array[] {
  const histograms = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)]
  for (let at = 0; at < lab.length; at += 3) {
    histograms[0][lab[at]]++
    histograms[1][lab[at + 1]]++
    histograms[2][lab[at + 2]]++
  }
  return histograms
}

function summariseHistograms(histograms: readonly Uint32Array[]): LabStatistics {
  const pairs = histograms.map((histogram, k) => {
    let count = 0
    let sum = 0
    for (let level = 0; level < 256; level++) {
      count += histogram[level]
      sum += histogram[level] * levelValues[k][level]
    }
    const mean = sum / count
    let squares = 0
    for (let level = 0; level < 256; level++)
      squares += histogram[level] * (levelValues[k][level] - mean) ** 2
    return [mean, Math.sqrt(squares / count)]
  })
  return {
    means: [pairs[0][0], pairs[1][0], pairs[2][0]],
    deviations: [pairs[0][1], pairs[1][1], pairs[2][1]],
  }
}
