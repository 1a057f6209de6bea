// What the pages of the workbench share with the server: the types of its answers, and how its columns are read.

export * from './api.ts'
export * from './columnsFile.ts'
export * from './mapFile.ts'
