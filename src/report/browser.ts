// The report without the run folder: its page from its data, and the charts and parts it is made of. It runs in a browser.

export { type Chart, type ChartSpec, renderChart, renderCharts } from './charts.ts'
export type { CellComparison, ComparedRun, RunComparison } from './compareRuns.ts'
export {
  explainComparison,
  renderComparisonMarkdown,
  renderComparisonPage,
  tabulateComparison,
} from './comparison.ts'
export type { ReportData } from './data.ts'
export { type Html, html, type Part } from './html.ts'
export { type Page, renderPage, type Section } from './page.ts'
export { renderReport } from './report.ts'
export { renderTableFile, TABLE_FORMATS, type TableFormat } from './table.ts'
