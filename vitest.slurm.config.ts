// Tests that need a Slurm: `.ci/slurm.sh -- npx vitest run --config vitest.slurm.config.ts` gives them one of their own.

import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// By path: test/study, which lets a node die, comes last.
class ByPath extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1)))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.real.ts'],
    pool: 'forks',
    fileParallelism: false,
    sequence: { sequencer: ByPath },
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
})
