import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    env: { EOSIN_RATES: 'off', XDG_CACHE_HOME: join(tmpdir(), 'eosin-test-cache') }, // nothing goes into the home folder
  },
})
