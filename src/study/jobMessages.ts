// What a run and the processes that work for it say to each other, as plain JSON.

import * as errors from '../base/index.ts'
import type { StudyFile } from '../runs/index.ts'

/** To a process: the study that it works for, first of all; then the tasks, one after the other. */
export type Order = { readonly study: StudyFile } | { readonly key: string; readonly threads: number }

/** From a process. */
export type Answer =
  | { readonly progress: { readonly done: number; readonly total?: number; readonly note?: string } }
  | { readonly note: string }
  | { readonly warning: string }
  /** `cached`: another process had made it meanwhile. */
  | { readonly done: string; readonly cached: boolean }
  | { readonly failed: string; readonly error: ToldError }

/** An error as it is told. */
export interface ToldError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly parts?: errors.ErrorParts
}

/** An error, to be told to another process. */
export function tellError(cause: unknown): ToldError {
  const { name, message, stack } = cause instanceof Error ? cause : new Error(String(cause))
  return { name, message, stack, ...(cause instanceof errors.EosinError && { parts: cause.parts }) }
}

const kinds: Readonly<Record<string, new (parts: errors.ErrorParts) => errors.EosinError>> = {
  DataError: errors.DataError,
  EngineError: errors.EngineError,
  WeightsError: errors.WeightsError,
  ShapeError: errors.ShapeError,
  RecipeError: errors.RecipeError,
  UsageError: errors.UsageError,
  UnknownNameError: errors.RecipeError,
}

/** An error that was told by another process. */
export function hearError({ name, message, stack, parts }: ToldError): Error {
  if (parts) return new (kinds[name] ?? errors.DataError)(parts)
  const error = new Error(message)
  error.stack = stack
  return error
}
