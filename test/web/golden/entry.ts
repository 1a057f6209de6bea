// The program of the page on which the checks run: each is a function of the window.

import { checkStain } from '../../../conformance/stain.ts'
import { openSession } from '../../../src/engine/browser.ts'
import { runtimeFiles } from '../../../web/src/workers/runtimeFiles.ts'
import { emitTrial, evaluateTrial, runTrial } from './trials.ts'

Object.assign(globalThis, {
  checkStain,
  evaluateTrial,
  emitTrial: () => [...emitTrial()],
  runTrial: async () => runTrial(await openSession(emitTrial(), { provider: 'cpu', files: runtimeFiles })),
})
