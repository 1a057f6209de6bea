// The language of recipes: what a study runs, read, completed and printed.

export * from './adaptEntry.ts'
export * from './augmentation.ts'
export * from './deviceParts.ts'
export * from './options.ts'
export * from './pairing.ts'
export * from './recipe.ts'
export type * from './recipeSchema.ts'
export * from './transductive.ts'
