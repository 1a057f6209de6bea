// Works off the tasks of a study: in this process one after the other, or in several at once.

import { describeCause, type Progress } from '../base/index.ts'
import { describeAgreement } from '../embed/index.ts'
import { describeContradictions } from '../quality/index.ts'
import { rememberFailure, type Split, type StudyFile } from '../runs/index.ts'
import {
  type Cache,
  describeForecast,
  type Executed,
  execute,
  type Forecast,
  markDue,
  openMemory,
  orderByPath,
  readAvailableMb,
} from '../tasks/index.ts'
import { openCrew } from './crew.ts'
import { forecastStudy } from './forecastStudy.ts'
import type { Materials } from './materials.ts'
import { candidateOf, type PlannedTask } from './openStudy.ts'
import { readAgreement } from './steps/agreement.ts'
import { readEvaluation } from './steps/evaluateCell.ts'
import { readHead } from './steps/trainHead.ts'
import type { StepObserver, Study } from './study.ts'
import { doTask } from './work.ts'

/** What became of the tasks of a study. */
export interface TaskOutcome extends Executed<PlannedTask> {
  /** By key, when the tasks that were done for this run began and ended, in seconds from the first. */
  readonly made: ReadonlyMap<string, { readonly start: number; readonly end: number }>
  /** What they were forecast to cost. */
  readonly forecast: Forecast
  /** Wall time of all. */
  readonly seconds: number
}

/** Does what is due of a study. `signal` ends it before it is done. */
export async function runTasks(
  study: Study,
  materials: Materials,
  file: StudyFile,
  signal: AbortSignal,
): Promise<TaskOutcome> {
  const { options, cache, run } = study
  const { jobs = 1, threads } = options
  const planned = markDue(materials.study.tasks, ({ inputs }) => cache.has(inputs))
  const forecast = await forecastStudy(materials.study, planned, { jobs, threads })
  if (forecast.tasks.length > 0) options.observer.note?.(describeForecast(forecast))
  const start = performance.now()
  for (const task of planned) if (task.cached) await tellFound(study, materials, task)
  const listed = planned.filter((task) => task.due)
  const crew = jobs > 1 && listed.length > 1 ? openCrew(file, study.told) : null
  const due = crew ? orderForMany(listed, forecast) : listed
  const hasMemory = openMemory(
    readAvailableMb(),
    new Map(forecast.tasks.map(({ key, peakRssMb }) => [key, peakRssMb])),
  )
  const onStop = () => crew?.close()
  signal.addEventListener('abort', onStop)
  const made = new Map<string, { readonly start: number; readonly end: number }>()
  const elapsed = () => (performance.now() - start) / 1000
  const work = async (task: PlannedTask, share: number, progress: Progress) => {
    if (crew) return crew.run(task.key, share, progress)
    materials.threads = threads
    const stoppable: Progress = (...told) => {
      signal.throwIfAborted()
      progress(...told)
    }
    return doTask(materials, task, stoppable)
  }
  try {
    const executed = await execute(due, {
      jobs: crew ? jobs : 1,
      threads,
      signal,
      isDone: ({ inputs }) => cache.has(inputs),
      isElsewhere: ({ inputs }) => cache.isMade(inputs),
      // A device is one, and its memory too.
      fits: (task, running) =>
        hasMemory(task, running) &&
        (options.device === 'cpu' || !task.usesDevice || !running.some(({ usesDevice }) => usesDevice)),
      async run(task, share) {
        const step = options.observer.step(task.stage, task.what)
        const begun = elapsed()
        try {
          const { cached } = await work(task, share, step.progress)
          if (!cached) made.set(task.key, { start: begun, end: elapsed() })
          await tellEnd(study, materials, { ...task, cached }, step)
        } catch (cause) {
          if (!signal.aborted) {
            const reason = describeCause(cause)
            run.log.error({ stage: task.stage, what: task.what, error: reason }, 'task failed')
            step.fail?.(reason)
            await rememberFailure(run.path, { key: task.key, reason }).catch(() => {}) // the failure itself says more
          }
          throw cause
        }
      },
      onFound: (task) => options.observer.step(task.stage, task.what).end(true),
    })
    return { ...executed, made, forecast, seconds: elapsed() }
  } finally {
    signal.removeEventListener('abort', onStop)
    crew?.close()
  }
}

// What takes long comes first, so that no process is left alone with it at the end. Nothing that is made depends on it.
function orderForMany(due: readonly PlannedTask[], forecast: Forecast): PlannedTask[] {
  const seconds = new Map(forecast.tasks.map((task) => [task.key, task.seconds]))
  const timed = due.map(({ key, needs }) => ({ key, needs, seconds: seconds.get(key) ?? 0 }))
  return orderByPath(timed).map((place) => due[place])
}

async function tellFound(study: Study, materials: Materials, task: PlannedTask): Promise<void> {
  if (task.kind === 'hash' || task.kind === 'compare') return // told when the study began
  const step = study.options.observer.step(task.stage, task.what)
  if (task.kind === 'filter') await tellFilter(study, materials, task.of.split)
  step.end(true)
}

async function tellEnd(
  study: Study,
  materials: Materials,
  task: PlannedTask,
  step: StepObserver,
): Promise<void> {
  const note = await (task.kind === 'filter'
    ? tellFilter(study, materials, task.of.split)
    : describeResult(materials, study.cache, task))
  step.end(task.cached, note)
}

// Patches that contradict each other put the study's figures in doubt.
async function tellFilter({ options, run }: Study, materials: Materials, split: Split): Promise<string> {
  const { rejections, set, rows } = await materials.filtered(split)
  for (const sentence of describeContradictions(rejections)) {
    options.observer.warn?.(`${split}: ${sentence}`)
    run.log.warn({ split, quality: sentence })
  }
  run.log.info({ split, count: set.count, kept: rows.length }, 'quality')
  return `${rejections.length} of ${set.count} rejected`
}

// The outcome of a task in a few words, where there is something to say.
async function describeResult(
  materials: Materials,
  cache: Cache,
  task: PlannedTask,
): Promise<string | undefined> {
  if (task.kind === 'embed') {
    const agreement = await readAgreement(await cache.find(task.inputs))
    return agreement ? describeAgreement(agreement) : undefined
  }
  if (task.kind === 'head') {
    const { curve } = await readHead(await cache.find(task.inputs), {})
    return curve.length ? `${curve.length} epochs` : undefined
  }
  if (task.kind === 'evaluation') {
    const candidate = candidateOf(materials.study, task.of.cell)
    const { val } = await readEvaluation(materials.study.recipe, await cache.find(task.inputs), candidate)
    return `val ${(100 * val.accuracy.value).toFixed(1)} %`
  }
  return undefined
}
