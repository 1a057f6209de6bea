// What is answered where a request cannot be met: a status and an error in Eosin's form.

import { describeCause, EosinError, type ErrorParts, systemCode, UnknownNameError } from '../base/index.ts'

/** A request that is refused, with the status of the answer. */
export class RefusedError extends EosinError {
  readonly status: 400 | 403 | 404 | 409 | 413 | 415
  constructor(status: RefusedError['status'], parts: ErrorParts) {
    super(parts)
    this.status = status
  }
}

/** The status and the error of an answer. */
export interface Answered {
  readonly status: 400 | 403 | 404 | 409 | 413 | 415 | 422 | 500
  readonly error: ErrorParts
}

/** How an error is answered: what somebody can mend in full, what is a defect in one line. */
export function answerError(cause: unknown): Answered {
  if (cause instanceof RefusedError) return { status: cause.status, error: cause.parts }
  if (cause instanceof UnknownNameError) return { status: 404, error: cause.parts }
  if (cause instanceof EosinError) return { status: cause.exitCode === 2 ? 400 : 422, error: cause.parts }
  if (systemCode(cause) !== undefined)
    return {
      status: 422,
      error: { where: (cause as NodeJS.ErrnoException).path ?? 'system', got: describeCause(cause) },
    }
  return {
    status: 500,
    error: {
      where: 'eosin serve',
      got: describeCause(cause),
      hint: 'this is a defect of Eosin: please report it',
    },
  }
}

/** The parts of an error that is listed instead of thrown. */
export function partsOf(cause: unknown): ErrorParts {
  return answerError(cause).error
}
