// Adaptation: what makes embeddings and heads hold on centers that training has not seen.

export * from './adaptation.ts'
export * from './alignCenters.ts'
export * from './centerMaps.ts'
