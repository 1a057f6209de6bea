// Questions and answers between a page and its worker: each question is a function of the worker's, called by name.

import { describeCause, EosinError, type ErrorParts } from '../../../src/base/index.ts'

/** What a worker answers: functions by name, each of one argument; `report` sends something before the answer is there. */
export type Handlers = Readonly<
  // biome-ignore lint/suspicious/noExplicitAny: each has an argument and an answer of its own
  Record<string, (argument: any, report: (news: any) => void) => Promise<unknown>>
>

/** An error as it crosses from the worker to the page. */
export interface Failure {
  readonly message: string
  /** Where, what was expected and got, and what to do, where it is an error of Eosin's. */
  readonly parts?: ErrorParts
}

interface Question {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}
type Answer = { readonly id: number } & (
  | { readonly news: unknown }
  | { readonly value: unknown }
  | { readonly failure: Failure }
)

/** A failure as an error, so that it can be thrown in the page. */
export class WorkerError extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

/** What is known of any error that was caught. */
export function describeFailure(cause: unknown): Failure {
  if (cause instanceof WorkerError) return cause.failure
  if (cause instanceof EosinError) return { message: cause.message, parts: cause.parts }
  return { message: describeCause(cause) }
}

/** The page's side. */
export interface Talk<H extends Handlers> {
  ask<Name extends keyof H & string>(
    name: Name,
    argument: Parameters<H[Name]>[0],
    onNews?: (news: Parameters<Parameters<H[Name]>[1]>[0]) => void,
  ): Promise<Awaited<ReturnType<H[Name]>>>
  /** Stops the worker at once; what was asked and not answered fails. */
  end(): void
}

/** Talks to `worker`, which calls `answerQuestions`. */
export function openTalk<H extends Handlers>(worker: Worker): Talk<H> {
  interface Waiting {
    resolve(value: unknown): void
    reject(cause: Error): void
    onNews?(news: unknown): void
  }
  const waiting = new Map<number, Waiting>()
  let next = 0
  const failAll = (message: string) => {
    for (const { reject } of waiting.values()) reject(new WorkerError({ message }))
    waiting.clear()
  }
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    const asked = waiting.get(data.id)
    if (!asked) return
    if ('news' in data) return asked.onNews?.(data.news)
    waiting.delete(data.id)
    if ('failure' in data) asked.reject(new WorkerError(data.failure))
    else asked.resolve(data.value)
  }
  worker.onerror = (event) => {
    event.preventDefault()
    failAll(event.message || 'the program of the page could not be loaded: load the page again')
  }
  return {
    ask: (name, argument, onNews) =>
      new Promise((resolve, reject) => {
        const id = next++
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onNews })
        worker.postMessage({ id, name, argument } satisfies Question)
      }),
    end: () => {
      worker.terminate()
      failAll('stopped')
    },
  }
}

/** The worker's side. */
export function answerQuestions(handlers: Handlers): void {
  const send = (answer: Answer, ...values: unknown[]) =>
    postMessage(answer, { transfer: values.flatMap(findTransferable) })
  self.onmessage = async ({ data: { id, name, argument } }: MessageEvent<Question>) => {
    try {
      const value = await handlers[name](argument, (news) => send({ id, news }, news))
      send({ id, value }, value)
    } catch (cause) {
      send({ id, failure: describeFailure(cause) })
    }
  }
}

// Bitmaps move to the page; everything else is copied.
function findTransferable(value: unknown): Transferable[] {
  if (value instanceof ImageBitmap) return [value]
  if (Array.isArray(value)) return value.flatMap(findTransferable)
  if (value && Object.getPrototypeOf(value) === Object.prototype)
    return Object.values(value).flatMap(findTransferable)
  return []
}
