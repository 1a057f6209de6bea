// The report: report.html of a run folder, and what it is made of.

export * from './browser.ts'
export { compareRuns } from './compareRuns.ts'
export { checkManifest, checkMetrics, readRunFolder } from './runFolder.ts'
export { writeReport } from './writeReport.ts'
