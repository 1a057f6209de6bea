import { describe, expect, it } from 'vitest'
import { costCell } from '../../src/report/costs.ts'
import { html, renderChart, renderPage } from '../../src/report/index.ts'
import { colourStains } from '../../src/report/palette.ts'
import { STYLE } from '../../src/report/style.ts'
import { inventRun } from './sampleRun.ts'

describe('the html template', () => {
  it('escapes text and numbers, keeps markup, joins lists, leaves out null and false', () => {
    const items = ['<a>', 'b&"\''].map((text) => html`<li>${text}</li>`)
    expect(html`<ul>${items}</ul>${null}${false}${undefined}${0}`.markup).toBe(
      '<ul><li>&lt;a&gt;</li><li>b&amp;&quot;&#39;</li></ul>0',
    )
  })
})

describe('a page', () => {
  it('can be made of any sections', () => {
    const page = renderPage({
      title: 'A <b>',
      lead: 'lead',
      sections: [{ id: 'one', title: 'One', body: html`<p>body</p>` }],
    })
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(page).toContain('<title>A &lt;b&gt; · Eosin</title>')
    expect(page).toContain('<a href="#one">One</a>')
    expect(page).toContain('<p>body</p>')
  })
})

describe('a chart', () => {
  const spec = (label: string) => ({
    data: { values: [{ label, value: 3 }] },
    mark: 'bar',
    encoding: { x: { field: 'value', type: 'quantitative' }, y: { field: 'label', type: 'nominal' } },
  })

  it('is SVG of the size asked for, with its text and without any address', async () => {
    const { markup } = await renderChart({
      width: 300,
      height: 120,
      alt: 'three "bars"',
      spec: spec('macenko'),
    })
    expect(markup).toMatch(
      /^<svg class="chart" role="img" aria-label="three &quot;bars&quot;" viewBox="0 0 300 120"/,
    )
    expect(markup).toContain('>macenko</text>')
    expect(markup).not.toContain('http')
  })

  it('escapes the text it draws', async () => {
    const { markup } = await renderChart({
      width: 300,
      height: 120,
      alt: '',
      title: '<i>',
      spec: spec('<script>'),
    })
    expect(markup).toContain('&lt;script&gt;')
    expect(markup).toContain('&lt;i&gt;')
  })

  it('is the same to the byte every time', async () => {
    const draw = () => renderChart({ width: 300, height: 120, alt: 'a', spec: spec('b') })
    expect(await draw()).toEqual(await draw())
  })
})

describe('colours', () => {
  it('belong to a stain, grey to none, wherever it stands', () => {
    const colour = colourStains(['macenko', 'none', 'reinhard', 'macenko'])
    expect([colour('macenko'), colour('none'), colour('reinhard')]).toEqual([
      'var(--series-1)',
      'var(--series-0)',
      'var(--series-2)',
    ])
  })
})

describe('the cost of a cell', () => {
  const [cell] = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] }).metrics.cells
  const step = (stage: string, seconds: number, cached = false) => ({
    stage,
    seconds,
    cached,
    items: 1,
    peakRssMb: 1,
  })

  it('adds the stages it rests on and no others', () => {
    const timings = [
      step('quality train', 100),
      step('stain none', 1),
      step('stain nonesuch', 100),
      step('embed none/texture train', 2),
      step('embed none/texture2 train', 100),
      step('classify none/texture/mlp seed 0', 4),
      step('classify none/texture/mlp2 seed 0', 100),
    ]
    expect(costCell(cell, timings)).toEqual({ seconds: 7, cached: false })
  })

  it('is of an ensemble that of its members, what they share once', () => {
    const other = { ...cell, id: 'none/texture/knn', classify: 'knn' }
    const ensemble = {
      ...cell,
      ...{ id: 'ensemble/both', stain: 'several', classify: 'several', members: [cell.id, other.id] },
    }
    const timings = [
      step('stain none', 1),
      step('embed none/texture train', 2),
      step('classify none/texture/mlp seed 0', 4),
      step('classify none/texture/knn seed 0', 8),
      step('classify none/texture/logistic seed 0', 100),
      step('evaluate ensemble/both', 16),
    ]
    expect(costCell(ensemble, timings, [cell, other, ensemble])).toEqual({ seconds: 31, cached: false })
  })

  it('tells that a part came out of the cache, and null where nothing was timed', () => {
    expect(costCell(cell, [step('stain none', 1, true)])).toEqual({ seconds: 1, cached: true })
    expect(costCell(cell, [step('quality val', 1)])).toBeNull()
  })
})

describe('what is wider than its box', () => {
  const rule = STYLE.match(/\.scroll,\.architecture,nav\{[^}]*\}/)?.[0] ?? ''

  it('shows at its edges that it scrolls, tables and navigation alike', () => {
    expect(rule.match(/var\(--shade\)/g)).toHaveLength(2)
    expect(rule.match(/ local no-repeat/g)).toHaveLength(2)
    expect(STYLE).not.toContain('scrollbar-width:none')
  })

  it('is hidden in no window, and says in a narrow one that it scrolls', () => {
    for (const [, rules] of STYLE.matchAll(/@media \(max-width:\d+px\)\{((?:[^{}]*\{[^{}]*\})*)\}/g))
      expect(rules).not.toContain('display:none')
    expect(STYLE).toMatch(/@media \(max-width:700px\)\{[^}]*caption span::after\{content:"Scroll sideways/)
  })

  it('shows pictures as light as the page in a frame', () => {
    expect(STYLE).toMatch(/\.patch img,\.shot img\{box-shadow:0 0 0 1px var\(--line\)\}/)
  })
})
