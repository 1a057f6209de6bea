// `apply` of the learned methods: which generator a patch goes through, and what became of it.

import { joinPixels, type Pixels, pixelsAt } from '../../base/index.ts'
import type { ApplyContext, StainResult } from '../stainMethod.ts'
import { fallBack, type Outcome, ok, passThrough, rejectPatch } from '../verdicts.ts'
import { buildGan } from './buildGan.ts'
import type { GanFit } from './ganFit.ts'
import { type GanOptions, type MultistainOptions, sideUnit, tileSide } from './ganOptions.ts'
import { dropMoments } from './moments.ts'
import { openColourMap, openRestainer, type Restainer } from './restainer.ts'
import { isInverted } from './scores.ts'
import { type Signature, signatureDistance, signPatches } from './signature.ts'

/** The name of the one source of `multistain`. */
export const pooled = 'all'

/** Whether one generator serves all centers. */
export function isPooled({ models }: GanFit): boolean {
  return models.some(({ source }) => source === pooled)
}

/** Where a patch goes: through the generator of `source`, or nowhere. */
interface Route {
  readonly source: string | null
  readonly outcome: Outcome
}

// Sessions stay open as long as the fit they belong to is in use.
const opened = new WeakMap<GanFit, Map<string, Restainer>>()

/** Translates every patch by the generator of its center, or of the center nearest in colour. */
export async function applyGan(
  batch: Pixels,
  fit: GanFit,
  options: GanOptions | MultistainOptions,
  context: ApplyContext<GanFit> = {},
): Promise<StainResult> {
  const keepsTarget = !isPooled(fit) || ('target' in options && options.target === 'untouched')
  const routes = routePatches(batch, fit, keepsTarget, context)
  const pixels: Pixels = { ...batch, data: batch.data.slice() }
  const outcomes = routes.map(({ outcome }) => outcome)
  for (const source of new Set(routes.map((route) => route.source))) {
    if (source === null) continue
    const rows = routes.flatMap((route, row) => (route.source === source ? [row] : []))
    const restainer = restainerOf(fit, source, options, context)
    const made = await restainer.restain(joinPixels(rows.map((row) => pixelsAt(batch, row))))
    rows.forEach((row, i) => {
      const [before, after] = [pixelsAt(batch, row).data, pixelsAt(made, i).data]
      if (options.guard && isInverted(before, after))
        outcomes[row] = rejectPatch('inverted: what was dark turned light')
      else pixelsAt(pixels, row).data.set(after)
    })
  }
  return {
    pixels,
    verdicts: outcomes.map(({ verdict }) => verdict),
    reasons: outcomes.map(({ reason }) => reason),
  }
}

function routePatches(
  batch: Pixels,
  fit: GanFit,
  keepsTarget: boolean,
  { centers }: ApplyContext<GanFit>,
): Route[] {
  const pools = isPooled(fit)
  const own = new Set(fit.centers.map(({ name }) => name))
  let signatures: (Signature | null)[] | undefined
  return Array.from({ length: batch.count }, (_, row) => {
    const center = centers?.[row] ?? null
    if (center === fit.target && keepsTarget)
      return { source: null, outcome: passThrough(`of the target, center ${center}`) }
    if (center !== null && own.has(center)) return { source: center, outcome: ok }
    signatures ??= signPatches(batch)
    const signature = signatures[row]
    if (pools && (signature || pooled in fit.networks))
      return { source: signature ? findNearest(fit, signature) : pooled, outcome: ok }
    return routeByColour(fit, center, signature)
  })
}

// A center without a generator of its own: nothing is fitted on it, each patch finds the nearest source by itself.
function routeByColour(fit: GanFit, center: string | null, signature: Signature | null): Route {
  if (!signature)
    return { source: null, outcome: passThrough('too little tissue to find a source by its colours') }
  const nearest = findNearest(fit, signature)
  const whose = center === null ? 'center not known' : `no generator of center ${center}`
  return {
    source: nearest,
    outcome: fallBack(`${whose}: that of ${nearest}, nearest in colour`),
  }
}

function findNearest({ centers }: GanFit, signature: Signature): string {
  const distances = centers.map(({ name, signature: mean }) => ({
    name,
    distance: mean ? signatureDistance(signature, mean) : Number.POSITIVE_INFINITY,
  }))
  return distances.reduce((best, other) => (other.distance < best.distance ? other : best)).name
}

function restainerOf(
  fit: GanFit,
  source: string,
  options: GanOptions,
  { provider, threads }: ApplyContext<GanFit>,
): Restainer {
  const restainers = opened.get(fit) ?? new Map<string, Restainer>()
  opened.set(fit, restainers)
  const place = { provider, threads }
  const name = JSON.stringify([source, options, place])
  const known = restainers.get(name)
  if (known) return known
  const network = { ...fit.networks[pooled], ...fit.networks[source] }
  const restainer =
    options.distill === null
      ? openRestainer({
          gan: buildGan(options),
          network: options.moments === 'patch' ? dropMoments(network) : network,
          unit: sideUnit(options),
          tile: tileSide(options, fit.side),
          place,
        })
      : openColourMap(network, options.distill, place)
  restainers.set(name, restainer)
  return restainer
}
