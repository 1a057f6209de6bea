import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    env: { EOSIN_RATES: 'off' }, // no test writes into the home folder
  },
})
