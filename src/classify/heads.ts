// The head methods by name, their presets, and the way back from files.

import { pickNamed } from '../base/index.ts'
import { finetune } from './finetune.ts'
import { finetunePresets } from './finetuneOptions.ts'
import type { Head, HeadMethod, HeadPlace } from './head.ts'
import { readRecord } from './headFiles.ts'
import { knn } from './knn.ts'
import { logistic } from './logistic.ts'
import { mlp, mlpPresets } from './mlp.ts'

/** Every classifier on embeddings, by the name recipes and commands use. */
export const headMethods = { mlp, logistic, knn, finetune } satisfies Record<string, HeadMethod<object>>

/** The name of a head method. */
export type HeadName = keyof typeof headMethods

/** Named sets of options that replace a method's defaults. */
export const headPresets: Readonly<Partial<Record<HeadName, Readonly<Record<string, object>>>>> = {
  mlp: mlpPresets,
  finetune: finetunePresets,
}

/** Reads back a head of any kind from the files that `serialize` gave. Throws DataError or UnknownNameError. */
export function loadHead(files: Readonly<Record<string, Uint8Array>>, place?: HeadPlace): Promise<Head> {
  const { kind } = readRecord(files)
  return pickNamed('head.json kind', headMethods, kind).load(files, place)
}
