import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { publicEndpoint, readHubSettings } from '../../src/weights/index.ts'

const home = mkdtempSync(join(tmpdir(), 'eosin-home-'))
afterAll(() => rmSync(home, { recursive: true }))

describe('readHubSettings', () => {
  it.each([
    [{}, '/home/u/.cache/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, '/h/hub'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/c' }, '/c'],
  ])('finds the cache from %j', (env, cacheDir) => {
    expect(readHubSettings({}, { HOME: '/home/u', ...env }).cacheDir).toBe(cacheDir)
  })

  it('takes the token from the environment, then from where logging in leaves it', () => {
    writeFileSync(join(home, 'token'), 'hf_file\n')
    const env = { HF_HOME: home }
    expect(readHubSettings({}, env).token).toBe('hf_file')
    expect(readHubSettings({}, { ...env, HF_TOKEN: 'hf_env' }).token).toBe('hf_env')
    expect(readHubSettings({ token: 'hf_given' }, { ...env, HF_TOKEN: 'hf_env' }).token).toBe('hf_given')
    expect(readHubSettings({}, { HF_HOME: join(home, 'absent') }).token).toBe(null)
  })

  it('knows mirrors and offline mode', () => {
    expect(readHubSettings({}, {})).toMatchObject({ endpoint: publicEndpoint, offline: false })
    expect(readHubSettings({}, { HF_ENDPOINT: 'http://mirror/', HF_HUB_OFFLINE: 'ON' })).toMatchObject({
      endpoint: 'http://mirror',
      offline: true,
    })
    expect(readHubSettings({ offline: false }, { HF_HUB_OFFLINE: '1' }).offline).toBe(false)
  })
})
