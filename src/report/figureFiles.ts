// Figures of a page as files of their own: the same drawing, black on white, and what it was drawn from.

import type { Figure, LegendEntry } from './figure.ts'
import { escapeHtml } from './html.ts'
import { LIGHT } from './style.ts'

/** The files of figures by name, `<name>.svg` and `<name>.json`; the same figures give the same bytes. */
export function listFigureFiles(figures: readonly Figure[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { name, svg, data, legend = [] } of figures) {
    const free = findFree(toFileName(name), (candidate) => files.has(`${candidate}.svg`))
    files.set(`${free}.svg`, drawAlone(svg, legend))
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

const MARGIN = 8
const LEGEND_LINE = 18

// The page's style sheet is not there: what it says of charts is written into the drawing, and below it the legend.
function drawAlone(svg: string, legend: readonly LegendEntry[]): string {
  const root = ROOT.exec(svg)
  if (!root) return svg
  const label = / aria-label="[^"]*"/.exec(root[0])?.[0] ?? ''
  const [x, y, width, height] = root.groups!.box.split(' ').map(Number)
  const size = [width + 2 * MARGIN, height + 2 * MARGIN + LEGEND_LINE * legend.length]
  const box = [x - MARGIN, y - MARGIN, ...size]
  const frame =
    `<svg xmlns="http://www.w3.org/2000/svg" role="img"${label} viewBox="${box.join(' ')}" ` +
    `width="${size[0]}" height="${size[1]}" font-family="${FONTS}" color="#000">`
  const paper = `<rect x="${box[0]}" y="${box[1]}" width="${size[0]}" height="${size[1]}" fill="#fff"/>`
  const body = svg.slice(root[0].length, -'</svg>'.length)
  const lines = legend.map((entry, i) => drawEntry(entry, y + height + LEGEND_LINE * (i + 0.6)))
  return `${frame}${paper}${paint(body + lines.join(''))}</svg>\n`
}

function drawEntry({ label, colour, dash = [] }: LegendEntry, y: number): string {
  const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(' ')}"` : ''
  const line = `<line x1="4" x2="30" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"${dashes}/>`
  return `${line}<text x="38" y="${y + 4}" font-size="11" fill="#333">${escapeHtml(label)}</text>`
}

const COLOURS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...LIGHT.matchAll(/--([\w-]+):([^;]+)/g)].map(([, name, colour]) => [name, colour])),
  ink: '#000',
  'ink-soft': '#333',
  line: '#d6d6d6',
  paper: '#fff',
  surface: '#fff',
}

function paint(text: string): string {
  return text.replace(/var\(--([\w-]+)\)/g, (variable, name: string) => COLOURS[name] ?? variable)
}
