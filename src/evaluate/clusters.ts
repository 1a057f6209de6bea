// What is left out together: patches of one patient share tissue and preparation beyond their slides, so that whole patients
// are left out where they are known and fewer than the slides.

/** What intervals leave out in turn. */
export type Resampled = 'patients' | 'slides' | 'patches'

/** The slide and the patient of each row, under names that mean one each; null where nothing is known. */
export interface Units {
  readonly slides: readonly string[] | null
  readonly patients: readonly string[] | null
}

/** Whether a slide or patient is named: `?` and an empty name stand for an unknown one. */
export const isNamed = (name: string) => name !== '' && name !== '?'

/** Names the slides and patients of rows; an unknown patient's patches are those of a patient with that slide alone. */
export function nameUnits({
  slides,
  patients,
  centers,
}: {
  readonly slides?: readonly string[] | null
  readonly patients?: readonly string[] | null
  readonly centers?: readonly string[] | null
}): Units {
  const ofSlides = nameSlides(slides, centers)
  const ofPatients = nameSlides(patients, centers)
  if (!ofPatients || !ofSlides) return { slides: ofSlides, patients: ofPatients }
  const isKnown = (row: number) => isNamed(patients![row])
  return {
    slides: ofSlides,
    patients: ofPatients.map((name, row) => (isKnown(row) ? name : `?/${ofSlides[row]}`)),
  }
}

/** The rows' clusters: an index for each row, below `clusters`. */
export interface Clusters {
  readonly cluster: Uint32Array
  readonly clusters: number
  readonly resampled: Resampled
  /** How many slides and patients the rows are of; null where they are not known. */
  readonly slides: number | null
  readonly patients: number | null
}

/** Clusters of `rows`: their patients or slides, whichever are fewer but at least two, else single rows in the order given. */
export function clusterRows(rows: Uint32Array, { slides, patients }: Units): Clusters {
  const places = { slides: placeNames(rows, slides), patients: placeNames(rows, patients) }
  const count = { slides: places.slides?.size ?? null, patients: places.patients?.size ?? null }
  const [unit] = (['slides', 'patients'] as const)
    .filter((name) => (count[name] ?? 0) > 1)
    .sort((a, b) => count[a]! - count[b]!)
  if (!unit) {
    return { cluster: rows.map((_, rank) => rank), clusters: rows.length, resampled: 'patches', ...count }
  }
  const names = { slides, patients }[unit]!
  const cluster = rows.map((row) => places[unit]!.get(names[row])!)
  return { cluster, clusters: count[unit]!, resampled: unit, ...count }
}

function placeNames(rows: Uint32Array, names: readonly string[] | null): Map<string, number> | null {
  if (!names) return null
  return new Map([...new Set(Array.from(rows, (row) => names[row]))].sort().map((name, i) => [name, i]))
}

/** Names of slides (or patients) that mean one each: a name used in several centers becomes `center/slide`. */
export function nameSlides(
  slides: readonly string[] | null | undefined,
  centers: readonly string[] | null | undefined,
): readonly string[] | null {
  if (!slides) return null
  if (!centers) return slides
  const centersOf = new Map<string, Set<string>>()
  for (let row = 0; row < slides.length; row++) {
    const known = centersOf.get(slides[row])
    if (known) known.add(centers[row])
    else centersOf.set(slides[row], new Set([centers[row]]))
  }
  return slides.map((slide, row) => (centersOf.get(slide)!.size > 1 ? `${centers[row]}/${slide}` : slide))
}
