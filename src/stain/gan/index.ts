// The learned stain methods' machinery, loaded when one of them is used: it needs networks and files, which the
// classical methods do without.

export { applyGan } from './applyGan.ts'
export { type DrawnLayer, drawArchitecture } from './architecture.ts'
export { buildGan } from './buildGan.ts'
export { meanDifference } from './distill.ts'
export { distillFit, fitEach, fitPooled } from './fitGan.ts'
export { frechetDistance } from './frechet.ts'
export { type GanFit, type GanModel, readGenerator } from './ganFit.ts'
export { openColourMap, openRestainer, type Restainer } from './restainer.ts'
export { compareStructure, type GanScores, openJudge } from './scores.ts'
export { drawGrid, writeCurves } from './watch.ts'
