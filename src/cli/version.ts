// Eosin's own version, read from its package.json.

import { readFileSync } from 'node:fs'

/** The version as published, e.g. `0.1.0`. */
export function readOwnVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
