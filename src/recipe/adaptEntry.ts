// The recipe's axis `adapt`: what makes embeddings and heads hold on centers that training has not seen.

import { z } from 'zod'
import { type AdaptOptions, adaptMethods, adaptRules } from '../adapt/index.ts'
import { pickNamed, RecipeError } from '../base/index.ts'
import { completeOptions } from './options.ts'

/** One entry of the axis. */
export interface AdaptEntry {
  readonly label: string
  readonly name: string
  readonly options: AdaptOptions
}

/** An entry as it is written: a method's name, or a method with options. */
export const adaptSchema = z.union([
  z.string(),
  z.looseObject({ method: z.string(), label: z.string().optional() }),
])

/** Completes an entry. Throws RecipeError where its options ask for nothing together. */
export function readAdaptEntry(where: string, raw: z.infer<typeof adaptSchema>): AdaptEntry {
  const { method, label, ...given } = typeof raw === 'string' ? { method: raw } : raw
  const { defaults } = pickNamed(where, adaptMethods, method)
  const known = { defaults: defaults as AdaptOptions, rules: adaptRules, beside: ['method', 'label'] }
  const options = completeOptions(`${where} ${method}`, known, given)
  if (options.target && options.adversarial === 0) {
    throw new RecipeError({
      where: `${where} ${method}.target`,
      expected: 'adversarial above 0, which unlabelled patches of the target take part in',
      got: '0',
    })
  }
  return { label: label ?? method, name: method, options }
}

/** The entry that changes nothing. */
export const noAdaptation: AdaptEntry = readAdaptEntry('adapt', 'none')
