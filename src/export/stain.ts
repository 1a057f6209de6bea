// Stain methods as graph ops on bytes [batch, height, width, 3] held as float64: whole numbers and tables are exact, so
// a method either gives the bytes that `stain` gives, or is refused.

import { ndarray, UsageError } from '../base/index.ts'
import { add, constant, floor, matmul, mul, type Value } from '../graph/index.ts'
import type { StainFit } from '../stain/index.ts'
import { writeLuminosity } from './luminosity.ts'
import { type LabTarget, type ReinhardChoices, writeReinhard } from './reinhard.ts'
import {
  type SeparationChoices,
  type SeparationTarget,
  writeFixedStains,
  writeMacenkoStains,
  writeSeparation,
} from './separation.ts'

/** Writes one method with its complete options and its fit. */
type StainWriter = (bytes: Value, options: Readonly<Record<string, unknown>>, fit: StainFit) => Value

const writers: Readonly<Record<string, StainWriter>> = {
  none: (bytes) => bytes,
  grayscale: writeLuma,
  macenko: (bytes, options, fit) =>
    separate(bytes, options, fit, (densities) => writeMacenkoStains(densities, options.alpha as number)),
  luminosity: (bytes, { percentile }) => writeLuminosity(bytes, percentile as number),
  reinhard: (bytes, options, fit) => {
    refuseOthers(options)
    return writeReinhard(bytes, options as unknown as ReinhardChoices, fit as unknown as LabTarget)
  },
  ruifrok: (bytes, options, fit) =>
    separate(bytes, options, fit, () => writeFixedStains(options.stains as number[][])),
}

/** Normalised bytes of the same shape. Throws UsageError for a method that has no graph. */
export function writeStain(
  bytes: Value,
  { name, options }: { readonly name: string; readonly options: Readonly<Record<string, unknown>> },
  fit: StainFit,
): Value {
  if (Object.hasOwn(writers, name)) return writers[name](bytes, options, fit)
  throw new UsageError({
    where: `stain ${name}`,
    expected: `a method that graph ops can express: ${Object.keys(writers).join(', ')}`,
    got: 'another',
    hint,
  })
}

const hint =
  'predict with the run instead (eosin predict PATCHES --run RUN), or normalise the patches first (eosin stain apply) and export a run on them'

function refuseOthers(options: Readonly<Record<string, unknown>>): void {
  if (options.compatibility !== 'none') {
    throw new UsageError({
      where: 'stain compatibility',
      expected: "none, Eosin's own way",
      got: `${options.compatibility}`,
      hint,
    })
  }
}

function separate(
  bytes: Value,
  options: Readonly<Record<string, unknown>>,
  fit: StainFit,
  findStains: Parameters<typeof writeSeparation>[3],
): Value {
  refuseOthers(options)
  const choices = options as unknown as SeparationChoices
  return writeSeparation(bytes, choices, fit as unknown as SeparationTarget, findStains)
}

// Pillow's convert('L') in whole numbers of 2 ** -16, in all three channels.
function writeLuma(bytes: Value): Value {
  const weights = [19595, 38470, 7471].flatMap((weight) => [weight, weight, weight])
  const sums = matmul(bytes, constant(ndarray('f64', [3, 3], Float64Array.from(weights))))
  return floor(mul(add(sums, 0x8000), 2 ** -16))
}
