// The program as npx finds it in a fresh clone, which has no dist yet.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'eosin-clone-'))
const clone = join(folder, 'eosin')
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string
  bin: { eosin: string }
  files: string[]
}

function npx(...args: string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, npm_config_cache: join(folder, 'npm'), npm_config_offline: 'true' }
  return spawnSync('npx', ['eosin', ...args], { cwd: clone, env, encoding: 'utf8' })
}

beforeAll(() => {
  mkdirSync(clone)
  for (const part of ['src', 'bin', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(part, join(clone, part), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('bin/eosin.js', () => {
  it('is what the package installs, and may be run', () => {
    expect(manifest.bin.eosin).toBe('bin/eosin.js')
    expect(manifest.files).toContain('bin')
    expect(statSync(manifest.bin.eosin).mode & 0o111).toBe(0o111)
  })

  it('says what to run before npm ci, then builds at the first call and only then', () => {
    const bare = npx('--version')
    expect(bare.status).toBe(1)
    expect(bare.stderr).toMatch(/^eosin: not built: .*npm ci && npm run build/m)
    symlinkSync(join(process.cwd(), 'node_modules'), join(clone, 'node_modules'))
    const first = npx('--version')
    expect(first.stderr).toContain('eosin: building, this once')
    expect(first.stdout).toBe(`${manifest.version}\n`)
    const second = npx('--version')
    expect(second.stderr).toBe('')
    expect(second.stdout).toBe(first.stdout)
    expect(readdirSync(clone).filter((name) => name.startsWith('dist'))).toEqual(['dist'])
    expect(existsSync(join(clone, 'dist', 'cli', 'main.js'))).toBe(true)
  }, 180_000)
})
