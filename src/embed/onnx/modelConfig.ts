// config.json, in which Hugging Face keeps a model's form: how many register tokens there are, and the patches' side.
// Field names: huggingface/transformers, configuration_dinov2_with_registers.py and configuration_dinov3_vit.py.

import { readFile } from 'node:fs/promises'

/** What the file says of tokens; null where it says nothing. */
export interface ModelConfig {
  readonly registers: number | null
  readonly patchSide: number | null
}

/** Reads the file at `path`; where there is none, or none of its kind, it says nothing. */
export async function readModelConfig(path: string): Promise<ModelConfig> {
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
  return { registers: count('num_register_tokens'), patchSide: count('patch_size') || null }
}
