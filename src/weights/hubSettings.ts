// Where weights come from and where they are kept, from the environment variables that Hugging Face's own tools
// read, so that both share one cache and one token.
// Source: huggingface_hub's documentation, package_reference/environment_variables.

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../base/index.ts'

/** The hub's public address; HF_ENDPOINT names a mirror instead. */
export const publicEndpoint = 'https://huggingface.co'

/** Where weights come from and where they are kept. */
export interface HubSettings {
  /** Address without a slash at its end. */
  readonly endpoint: string
  /** Folder with one folder a repository. */
  readonly cacheDir: string
  /** Sent to the endpoint only, never to where it redirects. */
  readonly token: string | null
  /** Use what is in the cache and never the network. */
  readonly offline: boolean
}

/** The settings that `env` decides; `given` overrides what it names. Throws UsageError for an endpoint that is no address. */
export function readHubSettings(
  given: Partial<HubSettings> = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): HubSettings {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'huggingface')
  return {
    endpoint: checkAddress(given.endpoint || env.HF_ENDPOINT || publicEndpoint).replace(/\/+$/, ''),
    cacheDir: given.cacheDir || env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'),
    token:
      given.token ||
      env.HF_TOKEN ||
      env.HUGGING_FACE_HUB_TOKEN ||
      readTokenFile(env.HF_TOKEN_PATH || join(home, 'token')),
    offline: given.offline ?? /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? ''),
  }
}

function checkAddress(endpoint: string): string {
  if (URL.canParse(endpoint) && /^https?:/i.test(endpoint)) return endpoint
  const hint = 'see --endpoint and HF_ENDPOINT'
  throw new UsageError({ where: 'endpoint', expected: 'an address (https://...)', got: endpoint, hint })
}

function readTokenFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null
  } catch {
    return null
  }
}
