// The workbench's server: what its pages ask, answered on this machine only.

export * from './browser.ts'
export { openServer, type RunningServer, type ServerOptions } from './server.ts'
