// The stain room without its learned methods: all that needs neither networks nor files, and so runs in a browser.

export * from './advise.ts'
export * from './augment.ts'
export * from './classicalMethods.ts'
export * from './compare.ts'
export * from './comparePage.ts'
export * from './concentrations.ts'
export * from './densityView.ts'
export * from './dictionary.ts'
export * from './eigen.ts'
export { estimateWhite } from './glass.ts'
export { lab8ToRgb, rgbToLab8, rgbToLightness8 } from './lab8.ts'
export * from './macenko.ts'
export {
  type DensityTables,
  densityTable,
  densityTablesBelow,
  highestLevelOf,
  positiveDensityTable,
} from './opticalDensity.ts'
export * from './restain.ts'
export * from './separation.ts'
export * from './separationMethod.ts'
export {
  angleBetween,
  averageStains,
  dot,
  normaliseVector,
  orderStains,
  publishedProfile,
  type StainMatrix,
  type StainProfile,
  unmixingRows,
} from './stainMatrix.ts'
export * from './stainMethod.ts'
export { covarianceOf, findDarkPixels, findDensePixels, findTissue, momentsOf } from './tissue.ts'
export * from './vahadane.ts'
export * from './workspace.ts'
