// The comparison as one page that opens from disk: patches by methods, figures, and for each patch its pixels
// in optical density with the fitted stain vectors.

import { type Pixels, pixelsAt } from '../base/index.ts'
import type { MethodComparison } from './compare.ts'
import { openView } from './densityView.ts'
import { macenkoDefaults, macenkoRecipe } from './macenko.ts'
import { profilePatch } from './separationMethod.ts'
import { openWorkspace } from './workspace.ts'

/** What the page shows. `encode` makes a PNG of one patch; this room knows no image formats. */
export interface ComparePage {
  readonly title: string
  readonly before: Pixels
  readonly ids: readonly string[]
  readonly centers: readonly string[]
  readonly methods: readonly MethodComparison[]
  encode(patch: Pixels): Promise<Uint8Array>
}

/** The page as HTML, self-contained: pictures are data in it. */
export async function renderComparePage(page: ComparePage): Promise<string> {
  const rows = await Promise.all(page.ids.map((_, index) => renderRow(page, index)))
  const heads = ['original', 'optical density', ...page.methods.map(({ label }) => label)]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeText(page.title)}</title><style>${style}</style></head><body>
<h1>${escapeText(page.title)}</h1>
<div class="wide">${renderFigures(page.methods)}</div>
<p>Optical density: red across, blue up; the lines are the fitted hematoxylin (blue) and eosin (red). ΔE: CIELAB distance of mean colours.</p>
<div class="wide"><table class="patches"><thead><tr><th></th>${heads.map((head) => `<th>${escapeText(head)}</th>`).join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
</body></html>
`
}

const style = `body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem;color:#222;background:#fff}.wide,table,tr{background:inherit}
h1{font-size:1.4rem;overflow-wrap:anywhere}table{border-collapse:collapse}th,td{padding:.3rem .6rem;text-align:left;vertical-align:top}
.figures td{font-variant-numeric:tabular-nums;text-align:right}.figures td:first-child{text-align:left}
.figures th{vertical-align:bottom}.figures th+th{text-align:right;max-width:7.5rem}.figures td:last-child{white-space:nowrap}
.figures tr{border-bottom:1px solid #ddd}.wide{overflow-x:auto}.patches img,.patches svg{width:128px;height:128px;display:block}
.patches img{image-rendering:pixelated}.patches td{padding:.2rem}.patches tbody th{position:sticky;left:0;background:inherit;min-width:6.5rem;max-width:7.5rem}small{color:#666;display:block;max-width:128px;overflow-wrap:anywhere;font-weight:normal}.figures small{max-width:20rem}
.patches thead th{padding:.3rem .2rem;max-width:128px;overflow-wrap:anywhere;vertical-align:bottom}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}.figures tr{border-color:#444}small{color:#aaa}}`

function renderFigures(methods: readonly MethodComparison[]): string {
  const figure = (value: number | null, digits: number) => (value === null ? '–' : value.toFixed(digits))
  const rows = methods.map((method) => {
    const counts = countVerdicts(method.result.verdicts)
    const origin = method.origin ? `<small>${escapeText(method.origin)}</small>` : ''
    return `<tr><td>${escapeText(method.label)}${origin}</td><td>${figure(method.similarity, 3)}</td><td>${figure(method.hematoxylinKept, 3)}</td><td>${figure(method.centerDistance, 1)}</td><td>${figure(method.withinCenter, 1)}</td><td>${counts}</td></tr>`
  })
  return `<table class="figures"><thead><tr><th>method</th><th>structure kept (SSIM)</th><th>hematoxylin kept (r)</th><th>between centers (ΔE)</th><th>within a center (ΔE)</th><th>verdicts</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function countVerdicts(verdicts: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const verdict of verdicts) counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
  return [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ')
}

async function renderRow(page: ComparePage, index: number): Promise<string> {
  const patch = pixelsAt(page.before, index)
  const cells = await Promise.all(
    page.methods.map(async ({ result, label }) => {
      const picture = await renderPicture(
        page,
        pixelsAt(result.pixels, index),
        `${page.ids[index]}, ${label}`,
      )
      const reason = result.reasons[index]
      return `<td>${picture}${reason ? `<small>${escapeText(`${result.verdicts[index]}: ${reason}`)}</small>` : ''}</td>`
    }),
  )
  const original = await renderPicture(page, patch, `${page.ids[index]}, original`)
  const center = page.centers[index]
  const name = escapeText(/^cent(er|re)/i.test(center) ? center.replaceAll('_', ' ') : `center ${center}`)
  const id = escapeText(page.ids[index].split('/').at(-1)!).replaceAll('_', '_<wbr>')
  return `<tr><th>${name}<small>${id}</small></th><td>${original}</td><td>${drawDensities(patch)}</td>${cells.join('')}</tr>`
}

async function renderPicture(page: ComparePage, patch: Pixels, alt: string): Promise<string> {
  const bytes = await page.encode(patch)
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return `<img alt="${escapeText(alt)}" src="data:image/png;base64,${btoa(text)}">`
}

// Red density against blue, up to 2, for some 400 pixels; lines are hematoxylin (blue) and eosin (pink).
function drawDensities({ data, height, width }: Pixels): string {
  const workspace = openWorkspace(height * width)
  const profile = profilePatch(macenkoRecipe, data, macenkoDefaults, workspace)
  const { tables } = openView(macenkoDefaults)(workspace)
  const step = Math.max(1, Math.floor((height * width) / 400))
  const place = (red: number, blue: number) => [64 * red, 128 - 64 * blue].map((v) => v.toFixed(1))
  const dots: string[] = []
  for (let i = 0; i < height * width; i += step) {
    const [x, y] = place(tables[0][data[3 * i]], tables[2][data[3 * i + 2]])
    dots.push(
      `<circle cx="${x}" cy="${y}" r="1" fill="rgb(${data[3 * i]},${data[3 * i + 1]},${data[3 * i + 2]})"/>`,
    )
  }
  const lines =
    'verdict' in profile
      ? ''
      : profile.stains
          .map(([red, , blue], s) => {
            const [x, y] = place(3 * red, 3 * blue)
            return `<line x1="0" y1="128" x2="${x}" y2="${y}" stroke="${['#3949ab', '#d81b60'][s]}"/>`
          })
          .join('')
  return `<svg viewBox="0 0 128 128" role="img" aria-label="red against blue optical density">${dots.join('')}${lines}<path d="M0 0V128H128" fill="none" stroke="#999"/></svg>`
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
