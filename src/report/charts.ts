// Charts as inline SVG without a browser: a Vega-Lite specification is compiled, run by Vega and printed.
// Colours are CSS variables of the page, so that charts follow light, dark and print. Every chart has a
// sentence for those who cannot see it. The only importer of vega and vega-lite, which are loaded when a chart is drawn.

import type { TopLevelSpec } from 'vega-lite'
import { drawOnce } from './drawings.ts'
import type { LegendEntry } from './figure.ts'
import { escapeHtml, type Html, html, markFigure, trustMarkup } from './html.ts'

/** A layer or unit of a Vega-Lite specification. */
export type ChartSpec = Record<string, unknown>

/** What a chart needs to be drawn. */
export interface Chart {
  /** The whole picture's size in CSS pixels, axes included. */
  readonly width: number
  readonly height: number
  readonly title?: string
  readonly subtitle?: string
  /** What its files are called where the title alone does not say what it shows. */
  readonly name?: string
  /** What its lines are: in the page beside the chart (renderLegend), in its file below it. */
  readonly legend?: readonly LegendEntry[]
  /** What the chart shows, in words. */
  readonly alt: string
  /** `layer`, `mark`, `encoding`, `data`: the Vega-Lite specification without its frame. */
  readonly spec: ChartSpec
}

const INK = 'var(--ink)'
const SOFT = 'var(--ink-soft)'
const LINE = 'var(--line)'

const CONFIG = {
  aria: false,
  background: null,
  font: 'system-ui',
  view: { stroke: null },
  title: {
    color: INK,
    fontSize: 12.5,
    fontWeight: 600,
    anchor: 'start',
    frame: 'bounds',
    offset: 10,
    subtitleColor: SOFT,
    subtitleFontSize: 11.5,
    subtitlePadding: 4,
  },
  axis: {
    labelColor: SOFT,
    labelFontSize: 11,
    titleColor: SOFT,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 6,
    domainColor: LINE,
    tickColor: LINE,
    gridColor: LINE,
    tickSize: 3,
    labelLimit: 205,
  },
  axisY: { domain: false, ticks: false, labelPadding: 6 },
}

/** Draws a chart as inline SVG, a figure of its own, that scales down with its box and has `alt` as its accessible name. */
export async function renderChart(chart: Chart): Promise<Html> {
  const specification = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: chart.alt,
    width: chart.width,
    height: chart.height,
    autosize: { type: 'fit', contains: 'padding' },
    padding: 2,
    ...(chart.title && { title: { text: chart.title, subtitle: chart.subtitle } }),
    ...chart.spec,
    config: CONFIG,
  }
  const data = JSON.stringify(specification, null, 1) // before Vega writes into it
  const svg = await drawOnce(data, () => draw(specification as unknown as TopLevelSpec))
  const drawn = trustMarkup(frameSvg(svg, chart))
  return markFigure(drawn, { name: chart.name ?? chart.title ?? 'chart', data, legend: chart.legend })
}

async function draw(specification: TopLevelSpec): Promise<string> {
  const { compile } = await import('vega-lite')
  const compiled = compile(specification)
  const vega = await loadVega()
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none' })
  try {
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}

/** Draws charts side by side, as many in a row as fit; markup among them stands in a box of the same size. */
export async function renderCharts(charts: readonly (Chart | Html)[]): Promise<Html> {
  const drawn: Html[] = []
  for (const chart of charts) drawn.push('markup' in chart ? chart : await renderChart(chart))
  return html`<div class="charts">${drawn}</div>`
}

function frameSvg(svg: string, { width, height, alt }: Chart): string {
  const body = svg
    .slice(svg.indexOf('>') + 1)
    .replace(/ (aria-[a-z]+|role)="[^"]*"/g, '')
    .replace(/ (pointer-events="none"|font-family="[^"]*"|opacity="1")/g, '')
    .replace(/ (d|transform|x2|y2)="[^"]*"/g, shortenNumbers)
    .replace(/<path class="(back|fore)ground" d="[^"]*"( display="none")?\/>/g, '')
  return (
    `<svg class="chart" role="img" aria-label="${escapeHtml(alt)}" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}">${body}`
  )
}

function shortenNumbers(attribute: string): string {
  return attribute.replace(/-?\d+\.\d{3,}(?!\d*e)/g, (number) => String(Number(Number(number).toFixed(2))))
}

// Vega measures text to lay out axes; without a canvas it takes every glyph to be 0.8 em wide, which leaves
// wide gaps. These are close to the widths of common system typefaces, and the same on every machine.
// (Vega's types leave textMetrics out.)
async function loadVega() {
  const vega = await import('vega')
  const { textMetrics } = vega as unknown as {
    textMetrics: { width: (item: { fontSize?: number; fontWeight?: unknown }, text: unknown) => number }
  }
  textMetrics.width = (item, text) => {
    let ems = 0
    for (const character of String(text ?? '')) ems += glyphWidth(character)
    return ems * (item.fontSize ?? 11) * (item.fontWeight === 'bold' ? 1.1 : 1)
  }
  return vega
}

function glyphWidth(character: string): number {
  if (/[ijlt.,:;'|!/() fr\-[\]]/.test(character)) return 0.38
  if (/[mwMW%@]/.test(character)) return 0.88
  return /[A-Z]/.test(character) ? 0.68 : 0.62
}
