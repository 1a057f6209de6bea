// The networks, each a function from its options to a Model.

export { type Davit, type DavitValues, davit } from './davit.ts'
export { type DavitArchitecture, davitShapes, isDavitText } from './davitShapes.ts'
export { foldLayerScale, listScaledLayers } from './foldLayerScale.ts'
export { type GraphTailOptions, graphTail } from './graphTail.ts'
export { type MlpOptions, type MlpParts, mlp, mlpParts } from './mlp.ts'
export { type PatchGanOptions, patchGan } from './patchGan.ts'
export {
  countPrefixTokens,
  planReadout,
  poolTokens,
  type ReadoutPlan,
  type TokenFacts,
  type TokenReadout,
} from './poolTokens.ts'
export { type Resampling, resamplePositions } from './positions.ts'
export { quantizeLinear } from './quantizeLinear.ts'
export { type ResnetGeneratorOptions, resnetGenerator } from './resnetGenerator.ts'
export { type UnetGeneratorOptions, unetGenerator } from './unetGenerator.ts'
export { type Vit, type VitValues, vit } from './vit.ts'
export {
  isVitBuffer,
  publishedVitShapes,
  type TensorPart,
  unchunkName,
  type VitNaming,
  vitNamings,
  vitParts,
} from './vitNames.ts'
export { countPositions, type ParamShapes, type VitArchitecture, vitShapes } from './vitShapes.ts'
export { blockOf, type VitTailOptions, vitTail } from './vitTail.ts'
