// The points of a map on a canvas, and a line drawn around some of them.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { EmbeddingMap } from '../../../../src/serve/browser.ts'
import type { Grouped } from './groups.ts'
import { outline } from './shapes.ts'

export interface PlotProps {
  readonly map: EmbeddingMap
  readonly grouped: Grouped
  /** Points (not rows) that are chosen; none: all are drawn alike. */
  readonly chosen: ReadonlySet<number>
  readonly label: string
  readonly onChoose: (points: readonly number[]) => void
}

const margin = 14
type Places = Float32Array

export function Plot({ map, grouped, chosen, label, onChoose }: PlotProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  // The corners of the line; events come faster than the page is drawn.
  const corners = useRef<number[]>([])
  const [line, setLine] = useState('')
  const scheme = useScheme()
  const places = useMemo(() => placePoints(map, size), [map, size])
  useEffect(() => {
    const watcher = new ResizeObserver(([{ contentRect }]) =>
      setSize({ width: contentRect.width, height: contentRect.height }),
    )
    watcher.observe(canvas.current!)
    return () => watcher.disconnect()
  }, [])
  useEffect(
    () => draw(canvas.current!, size, places, grouped, chosen),
    [size, places, grouped, chosen, scheme],
  )
  const at = (event: PointerEvent): [number, number] => {
    const { left, top } = canvas.current!.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }
  const extend = (event: PointerEvent) => {
    // A frame has one event of several moves; each of them is a corner.
    const moves = event.getCoalescedEvents?.() ?? []
    for (const move of moves.length > 0 ? moves : [event]) corners.current.push(...at(move))
    setLine(corners.current.map((value) => value.toFixed(1)).join(' '))
  }
  const forget = () => {
    corners.current = []
    setLine('')
  }
  const end = () => {
    if (corners.current.length >= 6) onChoose(findInside(places, corners.current))
    forget()
  }
  return (
    <div class="plot">
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        onPointerDown={(event) => {
          if (!event.isPrimary || event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          corners.current = []
          extend(event)
        }}
        onPointerMove={(event) => {
          if (corners.current.length > 0) extend(event)
        }}
        onPointerUp={end}
        onPointerCancel={forget}
      />
      {line !== '' && (
        <svg aria-hidden="true" viewBox={`0 0 ${size.width} ${size.height}`}>
          <polygon points={line} />
        </svg>
      )}
    </div>
  )
}

// Light or dark, for what is painted in colours of the theme.
function useScheme(): boolean {
  const dark = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), [])
  const [isDark, setDark] = useState(dark.matches)
  useEffect(() => {
    const hear = () => setDark(dark.matches)
    dark.addEventListener('change', hear)
    return () => dark.removeEventListener('change', hear)
  }, [dark])
  return isDark
}

// One scale on both axes: distances mean the same in all directions.
function placePoints({ x, y }: EmbeddingMap, { width, height }: { width: number; height: number }): Places {
  const [left, right] = rangeOf(x)
  const [low, high] = rangeOf(y)
  const scale = Math.max(
    0,
    Math.min((width - 2 * margin) / (right - left || 1), (height - 2 * margin) / (high - low || 1)),
  )
  return Float32Array.from({ length: 2 * x.length }, (_, at) =>
    at % 2 === 0
      ? width / 2 + scale * (x[at >> 1] - (left + right) / 2)
      : height / 2 - scale * (y[at >> 1] - (low + high) / 2),
  )
}

function rangeOf(values: Float32Array): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
}

// Points are drawn in an order that mixes the groups: none lies on top of all others.
function draw(
  canvas: HTMLCanvasElement,
  { width, height }: { width: number; height: number },
  places: Places,
  { groups, of }: Grouped,
  chosen: ReadonlySet<number>,
): void {
  const ratio = devicePixelRatio || 1
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext('2d')!
  context.scale(ratio, ratio)
  const style = getComputedStyle(canvas)
  const radius = of.length > 8000 ? 2 : of.length > 1500 ? 2.8 : 4
  const paths = groups.map(({ shape }) => new Path2D(outline(shape, radius)))
  const colours = groups.map(({ colour }) => style.getPropertyValue(colour))
  const order = mix(of.length)
  const paint = (point: number) => {
    context.setTransform(ratio, 0, 0, ratio, places[2 * point] * ratio, places[2 * point + 1] * ratio)
    context.fillStyle = colours[of[point]]
    context.fill(paths[of[point]])
  }
  context.globalAlpha = chosen.size > 0 ? 0.25 : 0.75
  for (const point of order) if (!chosen.has(point)) paint(point)
  context.globalAlpha = 1
  for (const point of order) if (chosen.has(point)) paint(point)
}

// All numbers below `count`, in strides that have no factor in common with it.
function mix(count: number): Uint32Array {
  const stride = [7919, 7907, 7901].find((prime) => count % prime !== 0) ?? 1
  return Uint32Array.from({ length: count }, (_, i) => (i * stride) % count)
}

// The points within a closed line: a ray to the right crosses it an odd number of times.
function findInside(places: Places, line: readonly number[]): number[] {
  const inside: number[] = []
  for (let point = 0; 2 * point < places.length; point++) {
    const [x, y] = [places[2 * point], places[2 * point + 1]]
    let isInside = false
    for (let i = 0, j = line.length - 2; i < line.length; j = i, i += 2) {
      const isBetween = line[i + 1] > y !== line[j + 1] > y
      if (isBetween && x < line[i] + ((y - line[i + 1]) / (line[j + 1] - line[i + 1])) * (line[j] - line[i]))
        isInside = !isInside
    }
    if (isInside) inside.push(point)
  }
  return inside
}
