// The version of Eosin that these pages were built from; vite.config.ts puts it in.

declare const eosinVersion: string

export const version: string = eosinVersion
