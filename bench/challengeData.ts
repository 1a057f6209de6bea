// Synthetic patches in the challenge's layout for benchmarks of whole studies. Making many takes minutes: they are kept in the
// temporary folder for the next run, and appear there when they are whole.

import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './runCli.ts'

/** A folder with train.h5, val.h5 and test.h5, which has labels too: .6, .2 and .2 of `patches`. */
export function makeChallengeData(patches: number): string {
  const data = join(tmpdir(), `eosin-bench-patches-${patches}`)
  const share = Math.floor(patches / 5)
  const counts = ['--train', patches - 2 * share, '--val', share, '--test', share].map(String)
  if (!existsSync(data)) runCli(['patches', 'make', data, '--test-labels', ...counts])
  return data
}
