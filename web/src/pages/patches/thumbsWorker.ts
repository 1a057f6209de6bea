// Draws thumbnails: fetches those that are to be seen, many at a time, and paints each row of the gallery on its own canvas.

/** Colours of what is not there yet, and of captions by their tone. */
export type Colours = Readonly<Record<'empty' | 'tumour' | 'normal' | 'none', string>>

/** What stands below a thumbnail. */
export interface ShownCaption {
  readonly text: string
  readonly tone: 'tumour' | 'normal' | 'none'
}

/** What the page says to the worker. */
export type ThumbsOrder =
  /** The set, and how many pixels the longer side of a thumbnail has. */
  | { readonly kind: 'set'; readonly set: string; readonly pixels: number; readonly colours: Colours }
  | { readonly kind: 'strip'; readonly strip: number; readonly canvas: OffscreenCanvas }
  /** What a strip shows: rows of the set from left to right, each in a square of `size` device pixels. */
  | {
      readonly kind: 'paint'
      readonly strip: number
      readonly rows: readonly number[]
      readonly captions: readonly ShownCaption[]
      readonly size: number
      readonly step: number
      /** Height of a caption, in device pixels. */
      readonly caption: number
    }
  | { readonly kind: 'drop'; readonly strip: number }

/** What the worker says to the page. */
export type ThumbsNews =
  | { readonly failure: string }
  /** So many of the thumbnails to be seen are painted. */
  | { readonly painted: number; readonly wanted: number }

interface Strip {
  readonly context: OffscreenCanvasRenderingContext2D
  rows: readonly number[]
  captions: readonly ShownCaption[]
  size: number
  step: number
  caption: number
  /** Strips that changed last are served first. */
  turn: number
}

interface Thumb {
  readonly data: Uint8Array
  readonly height: number
  readonly width: number
}

const keptAtMost = 4000
const askedAtMost = 192
const busyAtMost = 2

const strips = new Map<number, Strip>()
const kept = new Map<number, Thumb>()
const asked = new Set<number>()
let set = ''
let pixels = 96
let colours: Colours = { empty: '#ddd', tumour: '#b8265f', normal: '#2b6cb0', none: '#5d5568' }
let busy = 0
let turn = 0
let round = 0
let isDue = false
const scratch = new OffscreenCanvas(1, 1)
const scratchContext = scratch.getContext('2d', { willReadFrequently: true })!

self.onmessage = ({ data: order }: MessageEvent<ThumbsOrder>) => {
  if (order.kind === 'set') {
    if (order.set !== set || order.pixels !== pixels) {
      kept.clear()
      asked.clear()
      round++
    }
    ;({ set, pixels, colours } = order)
    for (const strip of strips.values()) paint(strip)
  } else if (order.kind === 'strip') {
    const context = order.canvas.getContext('2d')!
    strips.set(order.strip, { context, rows: [], captions: [], size: 0, step: 0, caption: 0, turn: 0 })
  } else if (order.kind === 'drop') {
    strips.delete(order.strip)
  } else {
    const strip = strips.get(order.strip)
    if (!strip) return
    const { rows, captions, size, step, caption } = order
    Object.assign(strip, { rows, captions, size, step, caption, turn: ++turn })
    paint(strip)
  }
  schedule()
}

// Orders come one a strip: what they want is asked for together.
function schedule(): void {
  if (isDue) return
  isDue = true
  setTimeout(() => {
    isDue = false
    askForMore()
  }, 4)
}

function paint({ context, rows, captions, size, step, caption }: Strip): void {
  const { canvas } = context
  const width = Math.max(1, rows.length * step)
  const height = Math.max(1, size + caption)
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  context.clearRect(0, size, width, caption)
  context.font = `${Math.round(0.6 * caption)}px system-ui, sans-serif`
  context.textBaseline = 'middle'
  for (const [i, row] of rows.entries()) {
    const thumb = kept.get(row)
    if (thumb) draw(context, thumb, i * step, size)
    else {
      context.fillStyle = colours.empty
      context.fillRect(i * step, 0, size, size)
    }
    const { text, tone } = captions[i]
    context.fillStyle = colours[tone]
    context.fillText(text, i * step, size + caption / 2, size)
  }
}

function draw(
  context: OffscreenCanvasRenderingContext2D,
  { data, height, width }: Thumb,
  left: number,
  size: number,
): void {
  if (scratch.width !== width || scratch.height !== height) {
    scratch.width = width
    scratch.height = height
  }
  const image = scratchContext.createImageData(width, height)
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    image.data[to] = data[from]
    image.data[to + 1] = data[from + 1]
    image.data[to + 2] = data[from + 2]
    image.data[to + 3] = 255
  }
  scratchContext.putImageData(image, 0, 0)
  const scale = size / Math.max(width, height)
  const [w, h] = [width * scale, height * scale]
  context.imageSmoothingEnabled = true
  context.drawImage(scratch, left + (size - w) / 2, (size - h) / 2, w, h)
}

function listWanted(): number[] {
  const wanted = new Set<number>()
  const latestFirst = [...strips.values()].sort((a, b) => b.turn - a.turn)
  for (const { rows } of latestFirst) for (const row of rows) if (!kept.has(row)) wanted.add(row)
  return [...wanted]
}

async function askForMore(): Promise<void> {
  if (busy >= busyAtMost || set === '') return
  const wanted = listWanted()
  const rows = wanted.filter((row) => !asked.has(row)).slice(0, askedAtMost)
  tell(wanted.length)
  if (rows.length === 0) return
  const mine = round
  busy++
  for (const row of rows) asked.add(row)
  askForMore()
  try {
    const found = await fetchThumbs(rows)
    if (mine === round) keep(rows, found)
  } catch (cause) {
    postMessage({ failure: (cause as Error).message } satisfies ThumbsNews)
    await new Promise((resolve) => setTimeout(resolve, 2000))
  } finally {
    busy--
    if (mine === round) for (const row of rows) asked.delete(row)
  }
  askForMore()
}

async function fetchThumbs(rows: readonly number[]): Promise<Thumb[]> {
  const answer = await fetch(`/api/sets/${encodeURIComponent(set)}/pixels?rows=${rows}&size=${pixels}`)
  if (!answer.ok) {
    const { error } = (await answer.json().catch(() => ({}))) as { error?: { where: string; got?: string } }
    throw new Error(error ? `${error.where}: got ${error.got}` : `status ${answer.status}`)
  }
  const [height, width] = ['x-height', 'x-width'].map((name) => Number(answer.headers.get(name)))
  const all = new Uint8Array(await answer.arrayBuffer())
  const bytes = height * width * 3
  return rows.map((_, i) => ({ data: all.subarray(i * bytes, (i + 1) * bytes), height, width }))
}

function keep(rows: readonly number[], found: readonly Thumb[]): void {
  for (const [i, row] of rows.entries()) kept.set(row, found[i])
  const fresh = new Set(rows)
  for (const strip of strips.values()) {
    for (const [i, row] of strip.rows.entries())
      if (fresh.has(row)) draw(strip.context, kept.get(row)!, i * strip.step, strip.size)
  }
  // Those that came first go first.
  for (const row of kept.keys()) {
    if (kept.size <= keptAtMost) break
    kept.delete(row)
  }
  tell(listWanted().length)
}

function tell(missing: number): void {
  let wanted = 0
  for (const { rows } of strips.values()) wanted += rows.length
  postMessage({ painted: wanted - missing, wanted } satisfies ThumbsNews)
}
