// The stain room: methods by name, and the pieces they are made of for whoever checks or draws them.

export * from './browser.ts'
export * from './methods.ts'
