// What extractors have seen stands where the metrics are: beside each cell, in the tables, at the top and in the model card.

import { describe, expect, it } from 'vitest'
import { findExposure } from '../../src/guards/index.ts'
import { type ReportData, renderTableFile } from '../../src/report/index.ts'
import { renderEmbed } from '../../src/report/sections/embed.ts'
import { renderGrid } from '../../src/report/sections/grid.ts'
import { renderLead, renderSummary } from '../../src/report/sections/summary.ts'
import type { Metrics } from '../../src/runs/record.ts'
import { dataOf, inventRun, textOf } from './sampleRun.ts'

const EMBEDS = ['texture', 'seen', 'unknown', 'photographs']
const RUN = inventRun({ stains: ['none'], embeds: EMBEDS, heads: ['mlp'] })
const tissue = [{ split: 'test', dataset: 'CAMELYON17', isSynthetic: false, centers: ['2'] }]
const exposures = {
  texture: findExposure(null, tissue),
  seen: findExposure(['PatchCamelyon'], tissue),
  unknown: findExposure([], tissue),
  photographs: findExposure(['LVD-142M'], tissue),
}
// The chosen cell is that of the extractor in question.
const dataWith = (embed: string): ReportData => {
  const chosen = RUN.metrics.cells.find((cell) => cell.embed === embed)!.id
  return dataOf({ ...RUN, metrics: { ...RUN.metrics, exposures, chosen } })
}
const DATA = dataWith('seen')
const sentence =
  'seen was pre-trained on PatchCamelyon, which holds patients of UMC Utrecht (center 2 of test): metrics there are not those of a hospital it has never seen.'

describe('the table of the report', () => {
  const rows = renderGrid(DATA).markup.split('<tr').map(textOf)
  const rowOf = (embed: string) => rows.find((row) => row.includes(` ${embed} `))!

  it('marks cells whose extractors saw hospitals of the study, or of which it is not known', () => {
    expect(rowOf('seen')).toContain('extractor saw hospitals of test')
    expect(rowOf('unknown')).toContain('pre-training not known')
    for (const embed of ['texture', 'photographs']) expect(rowOf(embed)).not.toMatch(/saw|not known/)
    expect(rows.join(' ')).toContain('Marked: extractors')
  })

  it('says that none is known where none is, and nothing where nothing was asked', () => {
    const only = (known: Metrics['exposures']) =>
      textOf(renderGrid({ ...DATA, metrics: { ...DATA.metrics, exposures: known } }).markup)
    expect(only({ photographs: exposures.photographs })).toContain(
      'pre-training data are known to hold hospitals of the study.',
    )
    expect(textOf(renderGrid(dataOf(RUN)).markup)).not.toMatch(/pre-training/)
  })
})

describe('the tables that go elsewhere', () => {
  it('have a column for it, and the sentences in their captions', () => {
    const text = renderTableFile(DATA, 'md')
    expect(text).toContain('| extractor saw |')
    for (const word of ['**hospitals of test**', 'not known', 'none known', 'nothing']) {
      expect(text).toContain(` ${word} |`)
    }
    expect(renderTableFile(DATA, 'md')).toContain(sentence)
    expect(renderTableFile(DATA, 'tex')).toContain('hospitals of test')
    const [head, ...lines] = renderTableFile(DATA, 'csv').trim().split('\n')
    const place = head.split(',').indexOf('extractor_saw')
    const byEmbed = Object.fromEntries(
      lines.map((line) => [line.split(',')[head.split(',').indexOf('embed')], line.split(',')[place]]),
    )
    expect(byEmbed).toEqual({
      texture: 'nothing',
      seen: 'hospitals of test',
      unknown: 'not known',
      photographs: 'none known',
    })
  })

  it('have none where the run did not look, or no extractor was trained', () => {
    for (const known of [undefined, { texture: exposures.texture }]) {
      const text = renderTableFile({ ...DATA, metrics: { ...DATA.metrics, exposures: known } }, 'csv')
      expect(text).not.toContain('extractor_saw')
    }
  })
})

describe('the first screen', () => {
  const top = (data: ReportData) => textOf(renderSummary(data).body.markup)

  it('warns of the chosen extractor, and says it with the accuracy', () => {
    expect(top(DATA)).toContain(`EXTRACTOR SAW HOSPITALS ${sentence}`)
    expect(textOf(renderLead(DATA).markup)).toContain('hospitals that its extractor was pre-trained on')
    expect(top(dataWith('unknown'))).toContain(
      'PRE-TRAINING NOT KNOWN unknown: whether its pre-training data',
    )
  })

  it('says nothing of those that saw none, and of those that were not chosen', () => {
    expect(top(dataWith('photographs'))).not.toMatch(/PRE-TRAINING|EXTRACTOR SAW/)
    expect(textOf(renderLead(dataWith('texture')).markup)).not.toContain('pre-trained')
  })

  it('takes the worst of an ensemble', () => {
    const members = RUN.metrics.cells.filter(({ embed }) => embed !== 'texture').map(({ id }) => id)
    const cell = { ...RUN.metrics.cells[0], id: 'all', embed: 'several', members }
    const metrics = { ...RUN.metrics, exposures, chosen: 'all', cells: [...RUN.metrics.cells, cell] }
    const data = dataOf({ ...RUN, metrics })
    expect(top(data)).toContain('EXTRACTOR SAW HOSPITALS')
    expect(renderTableFile(data, 'csv')).toMatch(/^all,.*hospitals of test/m)
  })
})

describe('the section Embed', () => {
  it('says it of every network, also that a run did not look', () => {
    const text = textOf(renderEmbed(DATA).body.markup)
    expect(text).toContain(sentence)
    expect(text).toMatch(/photographs: none of the study&#39;s hospitals is known/)
    expect(textOf(renderEmbed(dataOf(RUN)).body.markup)).toContain('a version that did not compare')
  })
})
