// What an exported pipeline says of itself, as the strings an ONNX model keeps: what it may be used for, what it was
// trained on, and what it was made of.

import { transductiveNote } from '../base/index.ts'
import type { ExtractorGraph } from '../embed/index.ts'
import type { Manifest } from '../runs/index.ts'
import { type StainName, stainMethods } from '../stain/index.ts'
import type { MemberFile, ModelFile } from '../study/index.ts'
import { pipelineVersion } from './pipelineFile.ts'

/** Everything that is said, by key. */
export interface PipelineFacts {
  readonly model: ModelFile
  /** Its one cell. */
  readonly member: MemberFile
  readonly manifest: Manifest
  readonly extractor: ExtractorGraph
  readonly recipeHash: string
  readonly threshold: number
}

/** The strings of a pipeline; the same run gives the same strings. */
export function describePipeline(facts: PipelineFacts): Record<string, string> {
  const { model, member, manifest, extractor, recipeHash, threshold } = facts
  const { train } = manifest.splits
  const card = extractor.card
  const isFitted: boolean | undefined = stainMethods[member.stain.name as StainName].fallsBack
  const synthetic =
    manifest.origin === 'real'
      ? ''
      : ` Trained or selected on ${manifest.origin} data: its output says nothing about patients.`
  return {
    'eosin.pipeline': pipelineVersion,
    'eosin.version': manifest.versions.eosin,
    model: model.cell,
    run: manifest.name,
    recipe_sha256: recipeHash,
    input: `patches: uint8 RGB [n, ${train!.height}, ${train!.width}, 3]`,
    stain: member.stain.label + (isFitted ? '; a patch with too little tissue for it passes as it is' : ''),
    ...(extractor.views > 1 && {
      views: `${extractor.views}: an embedding is the mean over the flips and quarter turns of a patch`,
    }),
    output: 'probability: float32 [n, 1] of the class tumour, averaged over the seeds',
    classes: JSON.stringify(['normal', 'tumour']),
    threshold: String(threshold),
    ...(model.temperature !== undefined && {
      temperature: `${model.temperature}: probabilities are calibrated by it already`,
    }),
    seeds: JSON.stringify(member.seeds),
    intended_use: `Research on H&E patches like those it was trained on. Not a medical device.${synthetic}`,
    ...(model.transductive && { transductive: transductiveNote }),
    data_origin: manifest.origin,
    data: JSON.stringify(
      Object.fromEntries(
        Object.entries(manifest.splits).map(([split, { origin, licence, fingerprint, kept, byCenter }]) => [
          split,
          { origin, licence, fingerprint, patches: kept, centers: Object.keys(byCenter) },
        ]),
      ),
    ),
    centers_trained_on: JSON.stringify(Object.keys(train!.byCenter)),
    weights_licence: card?.licence ?? 'unknown',
    weights_pretraining: card ? JSON.stringify(card.pretraining) : 'unknown',
  }
}
