// The figures of a report as files: the drawings of the page, and what they were drawn from.

import { beforeAll, describe, expect, it } from 'vitest'
import type { Figure } from '../../src/report/figure.ts'
import { listFigureFiles } from '../../src/report/figureFiles.ts'
import { html } from '../../src/report/html.ts'
import { renderChart } from '../../src/report/index.ts'
import { composeReport } from '../../src/report/report.ts'
import { dataOf, inventRun } from './sampleRun.ts'

const RUN = inventRun({
  stains: ['none', 'macenko', 'cyclegan', '<script>'],
  embeds: ['texture'],
  heads: ['mlp'],
  learned: ['cyclegan'],
})
let composed: Awaited<ReturnType<typeof composeReport>>
let files: ReadonlyMap<string, string>
beforeAll(async () => {
  composed = await composeReport({ ...dataOf(RUN), gallery: RUN.gallery })
  files = listFigureFiles(composed.figures)
}, 60_000)

describe('the figures of a report', () => {
  it('are all drawings of the page, each with what it was drawn from, under names of their own', () => {
    expect(composed.figures).toHaveLength(composed.page.match(/<svg/g)!.length)
    expect(files.size).toBe(2 * composed.figures.length)
    expect([...files.keys()]).toMatchSnapshot()
  })

  it('are the drawings of the page, black on white, complete in themselves', () => {
    for (const [name, text] of files) {
      if (!name.endsWith('.svg')) continue
      expect(text).toMatch(
        /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img" aria-label="[^"]+" viewBox=/,
      )
      expect(text).toMatch(
        /width="[\d.]+" height="[\d.]+" font-family="[^"]+" color="#000"><rect [^>]*fill="#fff"\/>/,
      )
      expect(text).not.toMatch(/var\(|<script|<style|<image|href|url\(/)
      expect(text.endsWith('</svg>\n')).toBe(true)
    }
  })

  it('hold the data as a Vega-Lite specification that draws the same', async () => {
    const spec = JSON.parse(files.get('roc-test.json')!)
    expect(spec.layer[1].data.values[0]).toEqual({ cell: expect.any(String), x: 0, y: 0, order: 0 })
    expect(files.get('roc-test.json')).not.toContain('var(--')
    const reliability = JSON.parse(files.get('reliability-test.json')!)
    const { width, height, description: alt, title, $schema, config: _, ...rest } = reliability
    expect($schema).toContain('vega-lite')
    const chart = { width, height, alt, title: title.text, spec: rest }
    const again = listFigureFiles((await renderChart(chart)).figures!)
    expect(again.get('reliability-test.svg')).toBe(files.get('reliability-test.svg'))
  })

  it('say below the drawing what the lines are, which the page says beside it', () => {
    const roc = files.get('roc-test.svg')!
    for (const stain of ['none', 'macenko', 'cyclegan', '&lt;script&gt;'])
      expect(roc).toMatch(
        new RegExp(`<line [^>]*stroke="#[0-9a-f]{6}"[^>]*/><text [^>]*>${stain}, AUROC 0\\.\\d{3}</text>`),
      )
    expect(files.get('loss-seed-0.svg')).toMatch(/stroke-dasharray="4 3"\/><text [^>]*>training loss</)
  })

  it('come out the same to the byte', async () => {
    const again = listFigureFiles((await composeReport({ ...dataOf(RUN), gallery: RUN.gallery })).figures)
    expect([...again]).toEqual([...files])
  }, 60_000)
})

describe('names of figures', () => {
  const namesOf = (...names: string[]) => {
    const figures = names.map((name): Figure => ({ name, svg: '<svg viewBox="0 0 1 1"></svg>', data: '{}' }))
    return [...listFigureFiles(figures).keys()].filter((name) => name.endsWith('.svg'))
  }

  it('are plain words, counted where they are alike', () => {
    expect(namesOf('ROC, test', 'roc test', 'Zentrum Köln / <b>', '../..', '')).toEqual([
      'roc-test.svg',
      'roc-test-2.svg',
      'zentrum-köln-b.svg',
      'figure.svg',
      'figure-2.svg',
    ])
  })
})

describe('markup', () => {
  it('carries the figures that were put into it, in their order', () => {
    const figure = (name: string): Figure => ({ name, svg: '', data: '{}' })
    const part = (name: string) => ({ markup: name, figures: [figure(name)] })
    const page = html`${part('a')}${[part('b'), html`<p>${part('c')}</p>`]}${null}${'d'}`
    expect(page.figures!.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    expect(html`<p>${'x'}</p>`).toEqual({ markup: '<p>x</p>' })
  })
})
