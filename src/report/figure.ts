// Figures of a page as files of their own: the same drawing, black on white, and what it was drawn from.

import { LIGHT } from './style.ts'

/** A figure as it stands in a page. */
export interface Figure {
  /** What its files are to be called, in any words. */
  readonly name: string
  /** SVG in the page's colours. */
  readonly svg: string
  /** What it was drawn from, as JSON: of a chart, its Vega-Lite specification with the data in it. */
  readonly data: string
}

/** The files of figures by name, `<name>.svg` and `<name>.json`; the same figures give the same bytes. */
export function listFigureFiles(figures: readonly Figure[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { name, svg, data } of figures) {
    const free = findFree(toFileName(name), (candidate) => files.has(`${candidate}.svg`))
    files.set(`${free}.svg`, drawAlone(svg))
    files.set(`${free}.json`, `${paint(data)}\n`)
  }
  return files
}

/** Letters, digits and single dashes: a name that every file system takes. */
function toFileName(words: string): string {
  const name = words.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')
  return name.replace(/^-|-$/g, '').slice(0, 60) || 'figure'
}

function findFree(name: string, isTaken: (name: string) => boolean): string {
  let free = name
  for (let count = 2; isTaken(free); count++) free = `${name}-${count}`
  return free
}

const ROOT = /^<svg[^>]*? viewBox="(?<box>[^"]*)"[^>]*>/
const FONTS = 'system-ui, &quot;Segoe UI&quot;, Roboto, Helvetica, Arial, sans-serif'

// The page's style sheet is not there: what it says of charts is written into the drawing.
function drawAlone(svg: string): string {
  const root = ROOT.exec(svg)
  if (!root) return svg
  const label = / aria-label="[^"]*"/.exec(root[0])?.[0] ?? ''
  const [x, y, width, height] = root.groups!.box.split(' ')
  const frame =
    `<svg xmlns="http://www.w3.org/2000/svg" role="img"${label} viewBox="${root.groups!.box}" ` +
    `width="${width}" height="${height}" font-family="${FONTS}" color="#000">`
  const paper = `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="#fff"/>`
  return `${frame}${paper}${paint(svg.slice(root[0].length))}\n`
}

const COLOURS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...LIGHT.matchAll(/--([\w-]+):([^;]+)/g)].map(([, name, colour]) => [name, colour])),
  ink: '#000',
  'ink-soft': '#333',
  line: '#bbb',
  paper: '#fff',
  surface: '#fff',
}

function paint(text: string): string {
  return text.replace(/var\(--([\w-]+)\)/g, (variable, name: string) => COLOURS[name] ?? variable)
}
