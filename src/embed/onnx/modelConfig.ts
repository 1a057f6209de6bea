// config.json, in which Hugging Face keeps a model's form: how many register tokens there are, and the patches' side.
// Field names: huggingface/transformers, configuration_dinov2_with_registers.py and configuration_dinov3_vit.py.

import { readFile } from 'node:fs/promises'
import type { TokenFacts } from '../../models/index.ts'

/** What the file at `path` says of tokens; where there is none, or none of its kind, it says nothing. */
export async function readModelConfig(path: string): Promise<Pick<TokenFacts, 'patchSide' | 'stated'>> {
  const text = await readFile(path, 'utf8').catch(() => '{}')
  let fields: Readonly<Record<string, unknown>> | null = null
  try {
    fields = JSON.parse(text)
  } catch {
    // another program's config.json is no matter of ours
  }
  const count = (name: string) => {
    const value = fields?.[name]
    return Number.isInteger(value) && (value as number) >= 0 ? (value as number) : null
  }
  const registers = count('num_register_tokens')
  return { stated: registers === null ? null : registers + 1, patchSide: count('patch_size') || null }
}
