// Stain methods as graph ops on bytes [batch, height, width, 3] held as float64: whole numbers and tables are exact, so
// that a method either gives the bytes that its `apply` gives, or says here why it has no graph. A door of its own: the
// classical methods stay without the graph.

import { pickNamed, UsageError } from '../../base/index.ts'
import type { Value } from '../../graph/index.ts'
import type { StainName, stainMethods } from '../methods.ts'
import type { StainFit } from '../stainMethod.ts'
import { writeGrayscale } from './grayscale.ts'
import { writeLuminosity } from './luminosity.ts'
import { writeMacenko } from './macenko.ts'
import { writeReinhard } from './reinhard.ts'
import { writeRuifrok } from './ruifrok.ts'

/** Normalised bytes of the same shape, each patch by itself. */
export type StainWriter<Options, Fit> = (bytes: Value, fit: Fit, options: Options) => Value

type Methods = typeof stainMethods
type WriterOf<Name extends StainName> = StainWriter<
  Methods[Name]['defaults'],
  Awaited<ReturnType<Methods[Name]['fit']>>
>

const networks = 'networks, one of them chosen for each patch by its center'

/** The graph of every method under its complete options, or what it is that graph ops cannot express. */
export const stainGraphs: { readonly [Name in StainName]: WriterOf<Name> | string } = {
  none: (bytes) => bytes,
  grayscale: writeGrayscale,
  luminosity: writeLuminosity,
  reinhard: writeReinhard,
  macenko: writeMacenko,
  ruifrok: writeRuifrok,
  vahadane: 'stain vectors learned from each patch, in as many steps as it takes',
  cyclegan: networks,
  multistain: networks,
}

const hint =
  'predict with the run instead (eosin predict PATCHES --run RUN), or normalise the patches first (eosin stain apply) and export a run on them'

/**
 * Normalised bytes of the same shape. Throws UsageError for a method, or a compatibility mode, that has no graph,
 * UnknownNameError for no method.
 */
export function writeStain(
  bytes: Value,
  { name, options }: { readonly name: string; readonly options: object },
  fit: StainFit,
): Value {
  const write = pickNamed('stain', stainGraphs, name) as StainWriter<object, StainFit> | string
  if (typeof write === 'string') {
    const written = Object.entries(stainGraphs).flatMap(([other, one]) =>
      typeof one === 'string' ? [] : other,
    )
    const expected = `a method that graph ops can express: ${written.join(', ')}`
    throw new UsageError({ where: `stain ${name}`, expected, got: write, hint })
  }
  if ('compatibility' in options && options.compatibility !== 'none') {
    const got = String(options.compatibility)
    throw new UsageError({ where: 'stain compatibility', expected: "none, Eosin's own way", got, hint })
  }
  return write(bytes, fit, options)
}
