// The stain room: methods by name, and the pieces they are made of for whoever checks or draws them.

export * from './concentrations.ts'
export * from './eigen.ts'
export * from './lab8.ts'
export * from './macenkoProfile.ts'
export * from './methods.ts'
export * from './opticalDensity.ts'
export * from './restain.ts'
export * from './stainMatrix.ts'
export * from './stainMethod.ts'
export * from './tissue.ts'
