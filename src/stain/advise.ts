// Which patch to take as reference. Two references differ by the colours they would give to the same
// tissue: a palette of nine mixtures rebuilt with each, compared in CIELAB. The medoid's palette is nearest to all.

import { DataError, type Pixels, pixelsAt } from '../base/index.ts'
import { labOf } from './colours.ts'
import { type MacenkoOptions, macenkoDefaults, macenkoRecipe } from './macenko.ts'
import { profilePatch } from './separationMethod.ts'
import type { StainProfile } from './stainMatrix.ts'
import { openWorkspace } from './workspace.ts'

/** A patch that could be the reference. */
export interface ReferenceCandidate {
  readonly id: string
  readonly role: 'medoid' | 'diverse'
  readonly profile: StainProfile
  /** Median colour difference (CIE76, mean over the palette) to the other patches' palettes. */
  readonly typicalDifference: number
}

/** What to choose from, and how much depends on it. */
export interface ReferenceAdvice {
  /** The medoid, then patches as different from it and from each other as there are. */
  readonly candidates: readonly ReferenceCandidate[]
  /** Colour differences between the medoid's outcome and that of any other patch as reference. */
  readonly spread: { readonly median: number; readonly largest: number }
  /** Patches compared, and patches that cannot be a reference with the reason. */
  readonly compared: number
  readonly unfit: readonly { readonly id: string; readonly reason: string }[]
}

/** A batch with the ids of its patches. */
export interface NamedBatch {
  readonly pixels: Pixels
  readonly ids: readonly string[]
}

/**
 * Compares the patches of a target center as references: time grows with the square of their number, so
 * give it a sample of some hundreds. Throws DataError where none can be fitted.
 */
export async function adviseReference(
  batches: AsyncIterable<NamedBatch>,
  diverse = 4,
  options: MacenkoOptions = macenkoDefaults,
): Promise<ReferenceAdvice> {
  const { fitted, unfit } = await fitPatches(batches, options)
  if (fitted.length === 0) {
    throw new DataError({
      where: 'stain advise',
      expected: 'patches with tissue',
      got: `${unfit.length} that cannot be fitted (${unfit[0]?.reason ?? 'no patch at all'})`,
    })
  }
  const palettes = fitted.map(({ profile }) => paintPalette(profile))
  const differences = palettes.map((a) => palettes.map((b) => comparePalettes(a, b)))
  const typical = differences.map((row) => median(row))
  const medoid = typical.indexOf(Math.min(...typical))
  const chosen = [medoid, ...pickDiverse(differences, medoid, diverse)]
  return {
    candidates: chosen.map((row, i) => ({
      ...fitted[row],
      role: i === 0 ? 'medoid' : 'diverse',
      typicalDifference: typical[row],
    })),
    spread: { median: typical[medoid], largest: Math.max(...differences[medoid]) },
    compared: fitted.length,
    unfit,
  }
}

async function fitPatches(batches: AsyncIterable<NamedBatch>, options: MacenkoOptions) {
  const fitted: { readonly id: string; readonly profile: StainProfile }[] = []
  const unfit: { readonly id: string; readonly reason: string }[] = []
  for await (const { pixels, ids } of batches) {
    const workspace = openWorkspace(pixels.height * pixels.width)
    for (const [index, id] of ids.entries()) {
      const profile = profilePatch(macenkoRecipe, pixelsAt(pixels, index).data, options, workspace)
      if ('verdict' in profile) unfit.push({ id, reason: profile.reason ?? '' })
      else fitted.push({ id, profile })
    }
  }
  return { fitted, unfit }
}

// Farthest-point sampling: each candidate is the patch least like those before it.
function pickDiverse(differences: readonly (readonly number[])[], first: number, count: number): number[] {
  const chosen = [first]
  while (chosen.length <= count && chosen.length < differences.length) {
    const nearest = differences.map((row) => Math.min(...chosen.map((other) => row[other])))
    const next = nearest.indexOf(Math.max(...nearest))
    if (!(nearest[next] > 0)) break
    chosen.push(next)
  }
  return chosen.slice(1)
}

type Palette = readonly (readonly [number, number, number])[]

// None, half and full strength of each stain, in CIELAB.
function paintPalette({ stains: [h, e], maxConcentrations: [a, b] }: StainProfile): Palette {
  const parts = [0, 0.5, 1]
  return parts.flatMap((p) =>
    parts.map((q) => {
      const [red, green, blue] = [0, 1, 2].map((k) => 255 * Math.exp(-(p * a * h[k] + q * b * e[k])))
      return labOf(red, green, blue)
    }),
  )
}

function comparePalettes(a: Palette, b: Palette): number {
  const sum = a.reduce((total, [l, m, n], i) => total + Math.hypot(l - b[i][0], m - b[i][1], n - b[i][2]), 0)
  return sum / a.length
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y)
  return sorted[sorted.length >> 1]
}
