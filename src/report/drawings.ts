// Drawings of charts, by what they show: a report that is written again draws only what is new. A drawing follows from its
// specification alone, so that a report is the same with them and without.

/** Drawings by their specification. */
export type Drawings = ReadonlyMap<string, string>

const known = new Map<string, string>()
const used = new Map<string, string>()

/** The drawing of a specification: one that is known, or what `draw` gives. */
export async function drawOnce(specification: string, draw: () => Promise<string>): Promise<string> {
  const drawing = known.get(specification) ?? (await draw())
  known.set(specification, drawing)
  used.set(specification, drawing)
  return drawing
}

/** Composes knowing the drawings of before; gives the result with the drawings that were used. */
export async function withDrawings<T>(
  before: Iterable<readonly [string, string]>,
  compose: () => Promise<T>,
): Promise<{ readonly result: T; readonly drawings: Drawings }> {
  known.clear()
  used.clear()
  for (const [specification, drawing] of before) known.set(specification, drawing)
  const result = await compose()
  return { result, drawings: new Map(used) }
}
