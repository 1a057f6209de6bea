// The files of a run folder, as types: what the study writes and the report (and later the server) reads.
//
// runs/<name>/
//   recipe.yaml      the recipe as run, complete with defaults
//   study.json       what a process needs to work for the run
//   manifest.json    Manifest     what was run on what, with which versions; byte-stable
//   metrics.json     Metrics      every cell of the grid; byte-stable
//   timings.json     StageTiming[] time and memory of each stage; differs from run to run
//   forecast.json    RunForecast  what the run was to cost and what it did; differs from run to run
//   training.json    LearnedStain[] how learned stains were trained; only where there are some
//   gallery.json     Gallery      names of the PNG files in gallery/
//   results.json     Results      where embeddings, fits and heads lie; byte-stable
//   rows/            one table a split: which patch each row is
//   predictions.csv, predictions.parquet, submission.csv, report.html, log.jsonl

import type { CenterTemperatures } from '../classify/centerTemperatures.ts'
import type { EpochRecord } from '../classify/head.ts'
import type { ModelProvenance } from '../embed/extractor.ts'
import type { Threshold } from '../evaluate/centerThresholds.ts'
import type { PairedDifference } from '../evaluate/compare.ts'
import type { Abstention, Evaluation } from '../evaluate/evaluation.ts'
import type { AccuracyForecast, ForecastMethod } from '../evaluate/forecastAccuracy.ts'
import type { Selection } from '../evaluate/selection.ts'
import type { CenterSignature } from '../evaluate/signature.ts'
import type { SetOverlap } from '../guards/compareSets.ts'
import type { Exposure } from '../guards/exposure.ts'
import type { OrderFinding } from '../guards/orderFindings.ts'
import type { Origin } from '../patches/patchSet.ts'
import type { Architecture } from '../stain/gan/architecture.ts'
import type { GanFit, GanModel } from '../stain/gan/ganFit.ts'

export type Split = 'train' | 'val' | 'test'

/** Where a split's patches came from and what the quality filter left of them. */
export interface SplitProvenance {
  /** Name of its file or folder, without those above. */
  readonly source: string
  readonly format: string
  /** How folders or columns were read; not there where the format has none. */
  readonly layout?: string
  /** What looks like a patch but is none of these, by reason; not there where nothing does. */
  readonly leftOut?: Readonly<Record<string, number>>
  readonly origin: Origin
  readonly licence: string | null
  /** The published data set that its patches are of; not there where nobody says. */
  readonly dataset?: string
  readonly fingerprint: string
  readonly height: number
  readonly width: number
  readonly count: number
  readonly kept: number
  /** Patches with too little detail to be compared by their looks; not there where there are none. */
  readonly uniform?: number
  /** Rejected patches by quality rule. */
  readonly rejectedByRule: Readonly<Record<string, number>>
  readonly byCenter: Readonly<Record<string, { readonly count: number; readonly positives: number | null }>>
}

/** What two splits have in common; train before val before test. */
export type Overlap = SetOverlap<Split>

/** What centers of one split have in common, by split. */
export type Within = Readonly<Partial<Record<Split, readonly SetOverlap[]>>>

export interface Manifest {
  readonly name: string
  readonly seed: number
  readonly seeds: readonly number[]
  readonly versions: Readonly<Record<string, string>>
  readonly splits: Readonly<Partial<Record<Split, SplitProvenance>>>
  /** What splits have in common; not there where that is nothing. */
  readonly overlaps?: readonly Overlap[]
  /** By label, whose model an extractor is; null where it is none. */
  readonly extractors: Readonly<Record<string, ModelProvenance | null>>
  /** By label, how many flips and turns of a patch an embedding is the mean of; not there where all are of patches as they are. */
  readonly views?: Readonly<Record<string, number>>
  /** The most artificial origin among the splits: every number in the run carries it. */
  readonly origin: Origin
  /** Labels of the stains that were fitted on unlabelled patches of the test split; not there where none was. */
  readonly transductive?: readonly string[]
}

/** Verdict counts of one stain method on one split, by center. */
export interface VerdictCounts {
  readonly stain: string
  readonly split: Split
  readonly byCenter: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** What a stain method does to a sample of the patches of train and val. */
export interface StainEffect {
  readonly stain: string
  readonly patches: number
  /** Mean structural similarity of luma before and after, -1 to 1. */
  readonly similarity: number
  /** Mean correlation of the hematoxylin map before and after, -1 to 1. */
  readonly hematoxylinKept: number
  /** Mean distance (CIE76) between the centers' mean colours after; null with one center. */
  readonly centerDistance: number | null
  /** Mean distance of patches to their own center's mean colour after. */
  readonly withinCenter: number
}

/** How well the hospital can be told from the embeddings of one stain method and extractor, train and val. */
export interface PairSignature extends CenterSignature {
  readonly stain: string
  readonly embed: string
}

/** How near embeddings of lower precision are to single precision: cosines on a sample of their patches. */
export interface EmbeddingAgreement {
  /** Which embeddings, e.g. `macenko/dinov2-small`. */
  readonly embeddings: string
  readonly embed: string
  readonly split: Split
  readonly patches: number
  readonly mean: number
  readonly min: number
}

/** Mean and standard deviation of a figure over the seeds. */
export interface OverSeeds {
  readonly mean: number
  readonly sd: number
}

/** One seed of one cell. */
export interface SeedResult {
  readonly seed: number
  readonly curve: readonly EpochRecord[]
  readonly valAccuracy: number
  readonly testAccuracy: number | null
  readonly valAuroc: number | null
  readonly testAuroc: number | null
}

/** How probabilities of a cell became predictions, where the recipe gives no fixed threshold or asks for a temperature. */
export interface CellDecision {
  /** How the threshold was found: given by the recipe, on held-out labelled patches, or by a stated share of tumour. */
  readonly rule: 'given' | 'held-out' | { readonly share: number }
  /** From which probability on patches of the test split are predicted to be tumour; not there without one. */
  readonly test?: Threshold
  /** What log odds were divided by: `pooled`, where centers have no labels. */
  readonly temperature?: CenterTemperatures
}

/** What a cell leaves to a person: patches nearer to their threshold than `margin`. */
export interface CellAbstention {
  /** Of the labelled patches that the margin was chosen on, above 0 and below 1. */
  readonly share: number
  readonly margin: number
  readonly val: Abstention
  /** null without a test split. */
  readonly test: Abstention | null
  /** Of every labelled center by heads that have not seen it; only under the protocol leave-one-center-out. */
  readonly heldOut?: Abstention
}

/** How accurate a cell may be on a center whose labels are not asked for. */
export interface CenterForecast {
  /** null where the test split names no centers. */
  readonly center: string | null
  readonly patches: number
  /** It is forecast from val, under the protocol `challenge`; not there where from centers that were held out in turn. */
  readonly byVal?: true
  /** Each with how far it was off for the labelled centers. */
  readonly methods: Readonly<Record<ForecastMethod, AccuracyForecast>>
}

/** One combination of the grid; probabilities are averaged over seeds before `val` and `test` are evaluated. */
export interface Cell {
  /** `<stain>/<embed>/<classify>`, or `<stain>/<augment>/<embed>/<classify>`, the labels as the recipe gives them. */
  readonly id: string
  readonly stain: string
  /** What training patches were shown as; `none` where they were not augmented. */
  readonly augment: string
  readonly embed: string
  /** What made embeddings and heads hold on other centers; `none` where nothing did. */
  readonly adapt: string
  readonly classify: string
  /** Of an ensemble, the cells whose mean it is; what these do not share is called `several`. */
  readonly members?: readonly string[]
  /** It uses unlabelled patches of the test split; not there where it does not. */
  readonly transductive?: true
  readonly seeds: readonly SeedResult[]
  /** Over seeds, of the single-seed accuracies. */
  readonly valAccuracyOverSeeds: OverSeeds
  readonly testAccuracyOverSeeds: OverSeeds | null
  /** Of the seed-averaged probabilities. */
  readonly val: Evaluation
  /** null where the test split has no labels. */
  readonly test: Evaluation | null
  /** Of every labelled center by heads that have not seen it; only under the protocol leave-one-center-out. */
  readonly heldOut?: Evaluation
  /** How accurate it may be on each center of the test split, forecast without its labels; not there without a test split. */
  readonly forecasts?: readonly CenterForecast[]
  /** Not there where patches are predicted by a fixed threshold and without a temperature. */
  readonly decision?: CellDecision
  /** Not there where no patch is left to a person. */
  readonly abstention?: CellAbstention
}

/** Scores of some patches, 0 to 1. */
export interface ShareScores {
  readonly accuracy: number
  readonly balancedAccuracy: number
  readonly auroc: number
}

/** Patches of a stated share of tumour, of a center that heads were not trained on, judged in several ways. */
export interface ShareResult {
  /** Of tumour among the patches, 0 to 1. */
  readonly share: number
  /** The center aligned by these patches alone. */
  readonly own: ShareScores
  /** The same patches, the center aligned by all its patches. */
  readonly whole: ShareScores
  /** The same patches by the cell that differs in aligning nothing; not there where the study has none. */
  readonly plain?: ShareScores
}

/** How an aligned cell depends on the share of tumour among the patches of a center: means over draws. */
export interface ShareSensitivity {
  readonly cell: string
  /** So often the patches of each share are drawn. */
  readonly draws: number
  readonly centers: readonly {
    readonly center: string
    /** In each draw, of whatever share. */
    readonly patches: number
    /** Share of tumour among all patches of the center, 0 to 1. */
    readonly tumour: number
    readonly shares: readonly ShareResult[]
  }[]
  /** Centers that could not be asked, and why. */
  readonly leftOut: readonly { readonly center: string; readonly reason: string }[]
  /** Over centers, each counting alike; empty where none could be asked. */
  readonly mean: readonly ShareResult[]
}

/** How the cells of a study that use unlabelled patches of the target depend on the share of tumour there. */
export interface ShareSensitivities {
  /** Of each cell that is aligned. */
  readonly measured: readonly ShareSensitivity[]
  /** Ids of cells whose heads are trained with patches of the target: each share would take a training of its own. */
  readonly notMeasured: readonly string[]
}

/** The accuracy of the chosen cell less that of another, on the same patches. */
export interface CellDifference {
  /** Id of the other cell. */
  readonly cell: string
  readonly val: PairedDifference
  /** null where the test split has no labels. */
  readonly test: PairedDifference | null
}

export interface Metrics {
  readonly cells: readonly Cell[]
  /** Id of the cell that the submission is made with. */
  readonly chosen: string
  /** In words. */
  readonly chosenBy: string
  /** How it was chosen, and how sure that is; not there in runs of versions that chose by accuracy on val. */
  readonly selection?: Selection
  /** The chosen cell trained once more on train and val: what the submission and the model are then of. */
  readonly refit?: { readonly cell: string; readonly test: Evaluation | null; readonly threshold?: Threshold }
  /** Of every cell but the chosen one; not there in runs of versions that did not compare. */
  readonly differences?: readonly CellDifference[]
  /** Not there where no cell uses unlabelled patches of the target after its stain. */
  readonly shares?: ShareSensitivities
  readonly verdicts: readonly VerdictCounts[]
  /** Of each stain method, where centers are known. */
  readonly effects: readonly StainEffect[]
  /** Of each stain method and extractor, where at least two centers are known. */
  readonly signatures: readonly PairSignature[]
  /**
   * Orders of rows and ids that tell the labels of a split. No other figure depends on them; not there in runs of versions that
   * did not look.
   */
  readonly orders?: readonly OrderFinding[]
  /**
   * Patches that centers of a split share, where centers are held out in turn: heads that have not seen a center have seen its
   * patches. By split, empty where they share none; not there where no split has several such centers.
   */
  readonly within?: Within
  /** By label of an extractor, what its pre-training has seen of the study; not there in runs of versions that did not look. */
  readonly exposures?: Readonly<Record<string, Exposure>>
  /** Of embeddings in lower precision; not there where there are none. */
  readonly agreements?: readonly EmbeddingAgreement[]
  /** What could not be made; not there where all was. */
  readonly failures?: readonly Failure[]
}

/** A task that failed. */
export interface Failure {
  /** `<stage> <what>`, e.g. `embed macenko/texture train`. */
  readonly task: string
  readonly reason: string
  /** What rests on it and was not made either, named likewise. */
  readonly skipped: readonly string[]
}

export interface StageTiming {
  /** `<stage> <what>`, e.g. `embed macenko/texture train`. */
  readonly stage: string
  readonly seconds: number
  readonly peakRssMb: number
  readonly cached: boolean
  /** Patches or rows handled. */
  readonly items: number
}

/** Time, disk and memory of some tasks. */
export interface RunCost {
  /** Wall time. */
  readonly seconds: number
  /** Left on disk. */
  readonly bytes: number
  /** MB (2^20 bytes) at the same time, at most. */
  readonly peakRssMb: number
}

/**
 * What a run was forecast to cost when it began, and what it cost: `forecast.json`. Of the last run that found something to
 * do, which may have been the rest of one that was stopped.
 */
export interface RunForecast {
  /** Tasks that were due, and of how many of them nothing was known. */
  readonly tasks: number
  readonly unknown: number
  /** Tasks at a time, and threads of all of them together. */
  readonly jobs: number
  readonly threads: number
  /** `low` and `high`: between them was half of what was measured before. */
  readonly forecast: RunCost & { readonly low: number; readonly high: number }
  readonly outcome: RunCost
}

/** A stain method that was trained for the run: `training.json` lists them. */
export interface LearnedStain {
  /** Its label in the recipe. */
  readonly stain: string
  readonly target: string
  /** Centers whose patches it saw, without labels. */
  readonly seen: readonly string[]
  /** Whether the test split's patches were among them. */
  readonly transductive: boolean
  readonly side: number
  readonly models: readonly GanModel[]
  readonly architecture: Architecture
  /** Of a distilled stain, by center: mean absolute difference in levels between colour map and generator. */
  readonly disagreement?: GanFit['disagreement']
}

/** One seed of a cell. */
export interface CellResults {
  readonly seed: number
  /** Folder of the trained head. */
  readonly head: string
  /** Its learning curve (JSON). */
  readonly curve: string
  /** Probabilities of tumour (.npy, float32), one for each line of the split's table of rows. */
  readonly probabilities: Readonly<Partial<Record<Split, string>>>
}

/**
 * Where the parts of a study lie, by their names in the recipe: `results.json`. Paths are relative to the run folder, with
 * forward slashes.
 */
export interface Results {
  readonly format: string
  /** Tables (CSV: row, id, center, slide, label) of the patches of each split that passed the quality filter. */
  readonly rows: Readonly<Partial<Record<Split, string>>>
  /** By label: the fit on the reference, and the fits of each split's slides and centers. */
  readonly stains: Readonly<
    Record<string, { readonly fit: string; readonly groups: Readonly<Partial<Record<Split, string>>> }>
  >
  /**
   * By `<stain>/<embed>/<split>`, or `<stain>/<augment>/<embed>/train`: a matrix (.npy, float32) of all patches of its
   * split, those that the filter rejected too, all of view 0 before all of view 1; a split's table names the rows of view 0.
   */
  readonly embeddings: Readonly<
    Record<string, { readonly split: Split; readonly file: string; readonly views: number }>
  >
  /** By the cell's id, one a seed. */
  readonly cells: Readonly<Record<string, readonly CellResults[]>>
  /** By the id of an aligned cell, how it depends on the share of tumour (JSON); not there where no cell is aligned. */
  readonly shares?: Readonly<Record<string, string>>
}

/** A PNG in gallery/ with what is to be said about it. */
export interface GalleryImage {
  readonly file: string
  readonly id: string
  readonly split: Split
  readonly center: string | null
  readonly label: 0 | 1 | null
}

/** A patch as read, and as stain methods left it. */
export interface StainedSample {
  readonly original: GalleryImage
  readonly methods: readonly { readonly stain: string; readonly file: string; readonly verdict: string }[]
}

export interface Gallery {
  readonly samples: readonly GalleryImage[]
  readonly rejected: readonly (GalleryImage & { readonly rule: string; readonly value: number })[]
  /** Of each center, one patch under every stain method. */
  readonly stains: readonly StainedSample[]
  /** Some patches of every center under the learned stains alone; not there where none was learned. */
  readonly learned?: readonly StainedSample[]
  /** Most confident errors of the chosen cell on labelled splits. */
  readonly errors: readonly (GalleryImage & { readonly probability: number })[]
}
