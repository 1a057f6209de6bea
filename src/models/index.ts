// The networks, each a function from its options to a Model.

export { type MlpOptions, mlp } from './mlp.ts'
