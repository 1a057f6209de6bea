// A patch under every classical stain, and its optical densities with the stain vectors that are fitted on it.

import type { Pixels } from '../../../../src/base/index.ts'
import { thumbnailSides } from '../../../../src/serve/browser.ts'
import {
  classicalMethods,
  densityDefaults,
  openView,
  openWorkspace,
  type SeparationFit,
  type StainFit,
  type StainMethod,
  type Verdict,
} from '../../../../src/stain/browser.ts'
import { askBytes } from '../../ask.ts'
import { drawPixels } from '../../workers/pictures.ts'
import { answerQuestions } from '../../workers/talk.ts'

/** Patches of a set, at their own size. */
export interface Some {
  readonly set: string
  readonly rows: readonly number[]
  readonly height: number
  readonly width: number
}

/** A patch under one method. */
export interface Restained {
  readonly method: string
  readonly picture: ImageBitmap
  readonly verdict: Verdict
  readonly reason: string | null
}

/** Optical densities of a patch's tissue. */
export interface Densities {
  /** Of so many pixels of tissue. */
  readonly tissue: number
  readonly pixels: number
  /** Densities of some of them in red and green, one pair a pixel. */
  readonly points: Float32Array
  /** Their colours, `rgb(...)`. */
  readonly colours: readonly string[]
  /** Unit vectors of hematoxylin and eosin (red, green, blue) by method; why there are none. */
  readonly vectors: readonly {
    readonly method: string
    readonly stains: readonly [readonly number[], readonly number[]] | null
    readonly reason: string
  }[]
}

// biome-ignore lint/suspicious/noExplicitAny: each method has options and a fit of its own
const methods = Object.values(classicalMethods) as StainMethod<any, any>[]
const fits = new Map<string, Promise<StainFit>>()
const pointsAtMost = 1500

const handlers = {
  /** The patch itself, and under each method, which is fitted on the reference. */
  async restain(
    { patch, reference }: { patch: Some; reference: Some },
    report: (news: Restained) => void,
  ): Promise<{ original: ImageBitmap }> {
    const own = await read(patch)
    for (const method of methods) {
      if (method.name === 'none') continue
      const fit = await fitOnce(method, reference)
      const { pixels, verdicts, reasons } = await method.apply(own, fit, method.defaults)
      report({
        method: method.name,
        picture: await drawPixels(pixels),
        verdict: verdicts[0],
        reason: reasons[0],
      })
    }
    return { original: await drawPixels(own) }
  },

  async densities({ patch }: { patch: Some }): Promise<Densities> {
    const own = await read(patch)
    const workspace = openWorkspace(own.height * own.width)
    workspace.load(own.data)
    const view = openView(densityDefaults)(workspace)
    const tissue = view.findTissue(workspace)
    const offsets = workspace.offsets.slice(0, tissue)
    const step = Math.max(1, Math.ceil(tissue / pointsAtMost))
    const chosen = offsets.filter((_, i) => i % step === 0)
    const density = (offset: number, channel: 0 | 1 | 2) => view.tables[channel][own.data[offset + channel]]
    const points = new Float32Array(2 * chosen.length)
    chosen.forEach((offset, i) => {
      points[2 * i] = density(offset, 0)
      points[2 * i + 1] = density(offset, 1)
    })
    const colours = Array.from(chosen, (offset) => `rgb(${own.data.subarray(offset, offset + 3).join(' ')})`)
    return { tissue, pixels: own.height * own.width, points, colours, vectors: await fitVectors(own) }
  },
}

/** What this worker answers. */
export type PatchHandlers = typeof handlers

async function fitVectors(own: Pixels): Promise<Densities['vectors']> {
  const vectors: Densities['vectors'][number][] = []
  for (const method of methods.filter(({ name }) => name === 'macenko' || name === 'vahadane')) {
    try {
      const { stains } = (await method.fit(one(own), method.defaults)) as SeparationFit
      const [h, e] = stains
      vectors.push({ method: method.name, stains: [Array.from(h), Array.from(e)], reason: '' })
    } catch (cause) {
      vectors.push({ method: method.name, stains: null, reason: (cause as Error).message })
    }
  }
  return vectors
}

function fitOnce(method: (typeof methods)[number], reference: Some): Promise<StainFit> {
  const key = `${method.name} ${reference.set} ${reference.rows}`
  const known = fits.get(key) ?? fitOn(method, reference)
  fits.set(key, known)
  return known
}

// Reference patches without tissue have no stains of their own: then it is the published target.
async function fitOn(method: (typeof methods)[number], reference: Some): Promise<StainFit> {
  if (!method.needsReference) return method.fit(nothing(), method.defaults)
  const pixels = await read(reference)
  return method.fit(one(pixels), method.defaults).catch(() => method.fit(nothing(), method.defaults))
}

async function* nothing(): AsyncGenerator<Pixels> {}
async function* one(pixels: Pixels): AsyncGenerator<Pixels> {
  yield pixels
}

const references = new Map<string, Promise<Pixels>>()
let latest: { readonly key: string; readonly pixels: Promise<Pixels> } | null = null

// The patch is asked for twice, the reference by every method.
function read(some: Some): Promise<Pixels> {
  const key = `${some.set} ${some.rows}`
  if (some.rows.length > 1) {
    const pixels = references.get(key) ?? fetchPixels(some)
    references.set(key, pixels)
    return pixels
  }
  if (latest?.key !== key) latest = { key, pixels: fetchPixels(some) }
  return latest.pixels
}

async function fetchPixels({ set, rows, height, width }: Some): Promise<Pixels> {
  const size = Math.min(512, Math.max(height, width))
  const data = await askBytes(`/api/sets/${encodeURIComponent(set)}/pixels?rows=${rows}&size=${size}`)
  return { data, count: rows.length, ...thumbnailSides({ height, width }, size) }
}

answerQuestions(handlers)
