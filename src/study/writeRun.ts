// The run folder of a study whose stages are done: every file of it, from what they made.

import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeFileAtomic } from '../files/index.ts'
import { printRecipe } from '../recipe/index.ts'
import { writeReport } from '../report/index.ts'
import {
  describeCertainty,
  describeDecision,
  describeShareLoss,
  listSeen,
  type Manifest,
} from '../runs/index.ts'
import { type Collected, gatherProbabilities } from './collect.ts'
import { removeModel, saveModel } from './model.ts'
import type { OpenStudy } from './openStudy.ts'
import { writeResults } from './results.ts'
import { groundOf } from './steps/evaluateCell.ts'
import { makeGallery } from './steps/makeGallery.ts'
import { describeTraining } from './steps/stainTraining.ts'
import { writePredictions, writeRunSubmission } from './steps/writePredictions.ts'
import type { Study, StudyResult } from './study.ts'

/** Writes the run folder; the model of an earlier study goes first, so that none lies there that does not fit the rest. */
export async function writeRun(
  { recipe, options, run, cache }: Study,
  study: OpenStudy,
  content: Collected,
  manifest: Manifest,
): Promise<StudyResult> {
  const { filtered, stains, model, refitted, judged, chosen, metrics, timings, forecast } = content
  const step = options.observer.step('report', recipe.name)
  const { probabilities, thresholds, rule } = chosen.predictions
  const writeJson = (name: string, value: unknown) =>
    writeFileAtomic(run.file(name), `${JSON.stringify(value, null, 1)}\n`)
  await removeModel(run.path)
  await writeFileAtomic(run.file('recipe.yaml'), printRecipe(recipe, resolve(run.path)))
  await writeJson('manifest.json', manifest)
  await writeJson('metrics.json', metrics)
  await writeJson('timings.json', timings)
  if (forecast) await writeJson('forecast.json', forecast) // else that of the last run that did something stays
  await writeResults(run, { study, cache }, content)
  await writePredictions(run, filtered, {
    ...gatherProbabilities(judged),
    ...(refitted && { refit: { test: refitted.probabilities } }),
  })
  await rm(run.file('submission.csv'), { force: true })
  const submission = await writeRunSubmission(
    run,
    filtered.test,
    refitted ?? { probabilities: probabilities.test, threshold: thresholds.test },
  )
  const ground = groundOf(chosen.predictions)
  await saveModel(run.path, { name: chosen.candidate.id, members: model, rule, ground }, filtered.train.set)
  await rm(run.file('training.json'), { force: true })
  const learned = describeTraining(stains)
  if (learned.length > 0) await writeJson('training.json', learned)
  const gallery = await makeGallery(run.path, recipe.seed, filtered, stains, chosen.predictions)
  await study.checkFiles() // its pictures are of patches as they are now
  await writeJson('gallery.json', gallery)
  const report = await writeReport(run.path, {
    drawings: join(cache.root, 'drawings', `${recipe.name}.json`),
  })
  step.end(false)
  run.log.info({ chosen: metrics.chosen }, 'study done')
  const certainty = describeCertainty(metrics.selection)
  const decision = describeDecision(chosen.result)
  const shares = describeShareLoss(metrics)
  const seen = listSeen(metrics)
  return { folder: run.path, report, submission, manifest, metrics, certainty, decision, shares, seen }
}
