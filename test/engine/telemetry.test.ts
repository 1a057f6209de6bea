// A tool for hospitals tells nobody what it runs: ONNX Runtime writes nothing into the home folder.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const home = mkdtempSync(join(tmpdir(), 'eosin-home-'))
afterAll(() => rmSync(home, { recursive: true }))

const script = `
  const g = await import('./dist/graph/index.js')
  const { openSession } = await import('./dist/engine/index.js')
  const session = await openSession(g.emitModel({ y: g.mul(g.input('x', ['rows', 2]), 2) }), { provider: 'cpu' })
  await session.close()
  console.log('opened')`

describe('a session', () => {
  it('leaves nothing in the home folder', () => {
    const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env
    const args = ['--input-type=module', '--eval', script]
    const said = execFileSync(process.execPath, args, { env: { ...env, HOME: home }, encoding: 'utf8' })
    expect(said).toBe('opened\n')
    expect(readdirSync(home)).toEqual([])
  })
})
