// Errors as one process tells them to another.

import * as errors from '../base/index.ts'

/** An error as it is told, in plain JSON. */
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
