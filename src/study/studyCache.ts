// The cache as a study uses it: what is made from patches is kept only if their files did not change meanwhile.

import { type Cache, type Hold, openCache } from '../tasks/index.ts'
import type { OpenStudy } from './openStudy.ts'

// Stages that read patches.
const pixelStages = ['quality', 'stain', 'pixels', 'embed']

/** Opens the cache of a study that will be given by `watch`, once it is open. */
export function studyCache(
  root: string,
  told: { note?(sentence: string): void; warn?(sentence: string): void },
  hold?: Hold,
): { readonly cache: Cache; watch(study: Pick<OpenStudy, 'checkFiles'>): void } {
  let check = async () => {}
  const cache = openCache(root, {
    onWait: (sentence) => told.note?.(sentence),
    onDamage: (sentence) => told.warn?.(sentence),
    verify: async (stage) => (pixelStages.includes(stage) ? check() : undefined),
    hold,
  })
  return {
    cache,
    watch(study) {
      check = () => study.checkFiles()
    },
  }
}
