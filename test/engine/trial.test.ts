// What a device computes is tried, not guessed from the libraries that are installed.

import { existsSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { listProviders, tryProvider } from '../../src/engine/index.ts'
import { runCli } from '../cli/runCli.ts'

const software = '/usr/lib/chromium/vk_swiftshader_icd.json'
const hasWebGpu = listProviders().includes('webgpu') && process.platform === 'linux'

afterEach(() => vi.unstubAllEnvs())

describe('tryProvider', () => {
  it('computes on the processor', async () => {
    const { outcome, detail } = await tryProvider('cpu')
    expect(outcome).toBe('works')
    expect(detail).toMatch(/computed there \((\d+) of \1 steps\), values right, \d+ ms$/)
  })

  it.skipIf(listProviders().includes('cuda'))(
    'says what is not in this build (skipped with CUDA)',
    async () => {
      const { outcome, detail } = await tryProvider('cuda')
      expect(outcome).toBe('absent')
      expect(detail).toMatch(/^not in this build: install the CUDA libraries/)
    },
  )

  it.skipIf(!hasWebGpu)('does not take a library for a device (Linux x64)', async () => {
    vi.stubEnv('VK_ICD_FILENAMES', '/nowhere.json')
    const { outcome, detail } = await tryProvider('webgpu')
    expect(outcome).toBe('absent')
    expect(detail).toMatch(/^not usable on this machine: Failed to get a WebGPU adapter/)
  })

  it.skipIf(!hasWebGpu || !existsSync(software))('says of a driver in software that it is one', async () => {
    vi.stubEnv('VK_ICD_FILENAMES', software)
    const { outcome, detail } = await tryProvider('webgpu')
    expect(outcome).toBe('works')
    expect(detail).toContain('(driver vk_swiftshader_icd.json: software, on the processor)')
  })

  it('waits for no driver that hangs', async () => {
    const { outcome, detail } = await tryProvider('cpu', 0.001)
    expect(outcome).toBe('fails')
    expect(detail).toMatch(/^no answer within 0.001 s/)
  })
})

describe('eosin doctor', () => {
  it('tries every device, and needs the processor only', async () => {
    vi.stubEnv('VK_ICD_FILENAMES', '/nowhere.json')
    const { code, stdout } = await runCli(['doctor'])
    expect(stdout).toMatch(/^✓ device cpu .*values right/m)
    if (hasWebGpu) expect(stdout).toMatch(/^- device webgpu +not usable on this machine/m)
    expect(code).toBe(/^✗/m.test(stdout) ? 1 : 0)
  })
})
