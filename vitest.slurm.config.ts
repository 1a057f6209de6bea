// Tests that need a Slurm: `.ci/slurm.sh -- npx vitest run --config vitest.slurm.config.ts` gives them one of their own.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.real.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 600_000,
  },
})
