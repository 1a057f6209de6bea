// A gallery of any number of patches: only the rows that are to be seen are in the page, each on a canvas that a worker paints.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ThumbsNews, ThumbsOrder } from './thumbsWorker.ts'

/** What stands below a thumbnail, and what a screen reader says. */
export interface Caption {
  readonly text: string
  readonly spoken: string
  readonly tone: 'tumour' | 'normal' | 'none'
}

export interface GalleryProps {
  /** Id of the set. */
  readonly set: string
  readonly rows: Uint32Array
  /** Side of a thumbnail in CSS pixels. */
  readonly size: number
  readonly captionOf: (row: number) => Caption
  readonly chosen: ReadonlySet<number>
  readonly doubted: ReadonlySet<number>
  readonly onChoose: (row: number) => void
  readonly onOpen: (row: number) => void
}

const gap = 8
const captionHeight = 20
const padding = 8

export function Gallery({ set, rows, size, captionOf, chosen, doubted, onChoose, onOpen }: GalleryProps) {
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 700, width: 900 })
  const [active, setActive] = useState(0)
  const thumbs = useThumbs(set, size)
  const perRow = Math.max(1, Math.floor((view.width - 2 * padding + gap) / (size + gap)))
  const rowHeight = size + captionHeight + gap
  const rowCount = Math.ceil(rows.length / perRow)

  useLayoutEffect(() => {
    const element = box.current!
    const measure = () =>
      setView({ top: element.scrollTop, height: element.clientHeight, width: element.clientWidth })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [])
  // Other patches: from the top.
  useEffect(() => {
    box.current!.scrollTop = 0
    setActive(0)
  }, [rows])

  const first = Math.max(0, Math.floor(view.top / rowHeight) - 1)
  const slots = Math.ceil(view.height / rowHeight) + 3
  const last = Math.min(rowCount, first + slots)
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i)
  const place = Math.min(active, Math.max(0, rows.length - 1))
  const isActiveShown =
    rows.length > 0 && Math.floor(place / perRow) >= first && Math.floor(place / perRow) < last

  const goTo = (next: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, next))
    setActive(to)
    const top = Math.floor(to / perRow) * rowHeight
    const element = box.current!
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight
  }
  const pageRows = Math.max(1, Math.floor(view.height / rowHeight))
  const steps: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => goTo(place - 1),
    ArrowRight: () => goTo(place + 1),
    ArrowUp: () => place >= perRow && goTo(place - perRow),
    ArrowDown: () => place + perRow < rows.length && goTo(place + perRow),
    PageUp: () => goTo(place - pageRows * perRow),
    PageDown: () => goTo(place + pageRows * perRow),
    Home: () => goTo(0),
    End: () => goTo(rows.length - 1),
    Enter: () => onOpen(rows[place]),
    ' ': () => onChoose(rows[place]),
  }
  const press = (event: KeyboardEvent) => {
    const step = event.ctrlKey || event.metaKey || event.altKey ? undefined : steps[event.key]
    if (!step || rows.length === 0) return
    event.preventDefault()
    step()
  }
  const pick = (event: MouseEvent) => {
    const cell = (event.target as Element).closest<HTMLElement>('[data-place]')
    if (!cell) return
    const to = Number(cell.dataset.place)
    setActive(to)
    if ((event.target as Element).closest('.pick') || event.ctrlKey || event.metaKey || event.shiftKey)
      onChoose(rows[to])
    else onOpen(rows[to])
  }
  return (
    <>
      {thumbs.failure && (
        <p role="alert">Thumbnails could not be read: {thumbs.failure}. They are asked for again.</p>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot be scrolled through 100,000 patches */}
      <div
        ref={box}
        class="gallery"
        role="grid"
        tabIndex={0}
        aria-label="Patches"
        aria-rowcount={rowCount}
        aria-colcount={perRow}
        aria-multiselectable
        aria-activedescendant={isActiveShown ? `patch-${place}` : undefined}
        onScroll={({ currentTarget }) => setView((before) => ({ ...before, top: currentTarget.scrollTop }))}
        onKeyDown={press}
        onClick={pick}
      >
        <div class="space" role="presentation" style={{ height: `${rowCount * rowHeight + padding}px` }}>
          {shown.map((row) => {
            const start = row * perRow
            const own = rows.subarray(start, start + perRow)
            const captions = Array.from(own, captionOf)
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
              <div
                key={row % slots}
                class="strip"
                role="row"
                aria-rowindex={row + 1}
                style={{
                  transform: `translateY(${padding + row * rowHeight}px)`,
                  height: `${size + captionHeight}px`,
                }}
              >
                <Strip thumbs={thumbs} rows={own} captions={captions} size={size} />
                {Array.from(own, (patch, i) => (
                  <Cell
                    key={i}
                    place={start + i}
                    column={i + 1}
                    size={size}
                    spoken={captions[i].spoken}
                    isChosen={chosen.has(patch)}
                    isDoubted={doubted.has(patch)}
                    isActive={start + i === place}
                  />
                ))}
              </div>
            )
          })}
        </div>
      </div>
    </>
  )
}

interface CellProps {
  readonly place: number
  readonly column: number
  readonly size: number
  readonly spoken: string
  readonly isChosen: boolean
  readonly isDoubted: boolean
  readonly isActive: boolean
}

function Cell({ place, column, size, spoken, isChosen, isDoubted, isActive }: CellProps) {
  const marks = `${isChosen ? ' chosen' : ''}${isDoubted ? ' doubted' : ''}${isActive ? ' active' : ''}`
  return (
    // biome-ignore lint/a11y/useSemanticElements: see the grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
    <div
      id={`patch-${place}`}
      data-place={place}
      class={`cell${marks}`}
      role="gridcell"
      aria-colindex={column}
      aria-selected={isChosen}
      aria-label={isDoubted ? `${spoken}, label doubted` : spoken}
      style={{ width: `${size}px` }}
    >
      <span class="frame" style={{ height: `${size}px` }}>
        <span class="pick" />
      </span>
    </div>
  )
}

interface Thumbs {
  readonly failure: string | null
  send(order: ThumbsOrder, transfer?: Transferable[]): void
}

// The worker, as long as the gallery is there.
function useThumbs(set: string, size: number): Thumbs {
  const [failure, setFailure] = useState<string | null>(null)
  const worker = useRef<Worker | null>(null)
  worker.current ??= new Worker(new URL('./thumbsWorker.ts', import.meta.url), { type: 'module' })
  const own = worker.current
  useEffect(() => {
    own.onmessage = ({ data }: MessageEvent<ThumbsNews>) => {
      if ('failure' in data) setFailure(data.failure)
      else if (data.painted === data.wanted) setFailure(null)
    }
    return () => {
      own.terminate()
      worker.current = null
    }
  }, [])
  const pixels = Math.min(256, Math.ceil(size * devicePixelRatio))
  const isDark = useDarkPaper()
  useLayoutEffect(() => {
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const colours = {
      empty: colour('--line'),
      tumour: colour('--tumour'),
      normal: colour('--normal'),
      none: colour('--ink-soft'),
    }
    own.postMessage({ kind: 'set', set, pixels, colours } satisfies ThumbsOrder)
  }, [set, pixels, isDark])
  const sender = useRef<Thumbs['send']>((order, transfer = []) => own.postMessage(order, transfer))
  return { failure, send: sender.current }
}

function useDarkPaper(): boolean {
  const query = useRef(matchMedia('(prefers-color-scheme: dark)')).current
  const [isDark, setDark] = useState(query.matches)
  useEffect(() => {
    const update = () => setDark(query.matches)
    query.addEventListener('change', update)
    return () => query.removeEventListener('change', update)
  }, [])
  return isDark
}

let strips = 0

interface StripProps {
  readonly thumbs: Thumbs
  readonly rows: Uint32Array
  readonly captions: readonly Caption[]
  readonly size: number
}

// One row's canvas, pictures and captions: it is the worker's from the start, since text that the page lays out for some hundred
// patches anew with every step of scrolling takes longer than a frame.
function Strip({ thumbs, rows, captions, size }: StripProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const strip = useRef(0)
  useLayoutEffect(() => {
    strip.current = ++strips
    const offscreen = canvas.current!.transferControlToOffscreen()
    thumbs.send({ kind: 'strip', strip: strip.current, canvas: offscreen }, [offscreen])
    return () => thumbs.send({ kind: 'drop', strip: strip.current })
  }, [])
  const scale = devicePixelRatio
  const shown = captions.map(({ text, tone }) => ({ text, tone }))
  useLayoutEffect(() => {
    thumbs.send({
      kind: 'paint',
      strip: strip.current,
      rows: Array.from(rows),
      captions: shown,
      size: Math.round(size * scale),
      step: Math.round((size + gap) * scale),
      caption: Math.round(captionHeight * scale),
    })
  }, [rows.join(), shown.map(({ text }) => text).join(), size, scale])
  return (
    <canvas
      ref={canvas}
      aria-hidden
      style={{ width: `${rows.length * (size + gap)}px`, height: `${size + captionHeight}px` }}
    />
  )
}
