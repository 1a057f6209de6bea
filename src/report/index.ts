// The report: report.html of a run folder, and what it is made of.

export * from './browser.ts'
export { readRunFolder, writeReport } from './runFolder.ts'
