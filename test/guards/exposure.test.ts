// What extractors have seen of a study, from stated facts: known, not known, and never taken for clean.

import { describe, expect, it } from 'vitest'
import {
  centersOf,
  datasets,
  findExposure,
  hospitalsOf,
  listSources,
  type StudyTissue,
} from '../../src/guards/index.ts'
import { describeExposure, nameExposure } from '../../src/runs/browser.ts'
import { catalog, type ModelCard } from '../../src/weights/index.ts'

const tissue = (
  split: string,
  centers: readonly string[] | null,
  known: Partial<StudyTissue> = {},
): StudyTissue => ({
  split,
  dataset: 'Camelyon17-WILDS',
  isSynthetic: false,
  centers,
  ...known,
})
const challenge = [tissue('train', ['0', '3', '4']), tissue('val', ['1']), tissue('test', ['2'])]
const setsOf = (name: keyof typeof catalog) => (catalog[name] as ModelCard).pretraining.map((set) => set.name)

describe('the facts', () => {
  it('say of each set what it is cut from, in any spelling, and whose tissue that is', () => {
    expect(listSources('pcam')).toEqual(['PatchCamelyon', 'CAMELYON16'])
    expect(listSources('camelyon17 wilds')).toEqual(['Camelyon17-WILDS', 'CAMELYON17'])
    expect(listSources('HCD')).toEqual(['Histopathologic Cancer Detection', 'PatchCamelyon', 'CAMELYON16'])
    expect(hospitalsOf('HCD')).toEqual(['Radboud UMC', 'UMC Utrecht'])
    expect(hospitalsOf('LVD-142M')).toEqual([])
    expect(hospitalsOf('our own slides')).toBeNull()
    expect(centersOf('Camelyon17-WILDS')).toMatchObject({ 0: 'Radboud UMC', 2: 'UMC Utrecht' })
  })

  it('hold together: what is cut from something has no hospitals of its own, and each has a source', () => {
    for (const [name, set] of Object.entries(datasets)) {
      expect(set!.source.length, name).toBeGreaterThan(5)
      if (set!.cutFrom === undefined) continue
      expect(datasets[set!.cutFrom], name).toBeDefined()
      expect(set!.hospitals, name).toBeUndefined()
    }
  })
})

describe('MedImageInsight on the challenge', () => {
  const seen = findExposure(setsOf('medimageinsight'), challenge)

  it('saw hospitals of train and of the test center, as PatchCamelyon', () => {
    expect(seen).toMatchObject({ status: 'yes', unknown: ['others'], unnamed: [] })
    expect(seen.shared).toEqual([
      {
        set: 'PatchCamelyon',
        split: 'train',
        dataset: 'Camelyon17-WILDS',
        what: 'hospitals',
        hospitals: ['Radboud UMC'],
        centers: ['0'],
      },
      {
        set: 'PatchCamelyon',
        split: 'test',
        dataset: 'Camelyon17-WILDS',
        what: 'hospitals',
        hospitals: ['UMC Utrecht'],
        centers: ['2'],
      },
    ])
    expect(nameExposure(seen)).toBe('hospitals of train and test')
    expect(describeExposure('medimageinsight', seen)).toBe(
      "medimageinsight was pre-trained on PatchCamelyon, which holds patients of Radboud UMC (center 0 of train) and UMC Utrecht (center 2 of test): metrics there are not those of a hospital it has never seen. Of the rest it is not known (the hospitals of 'others' are not named).",
    )
  })

  it('may have seen those of a test set whose center nobody names', () => {
    const { shared } = findExposure(['PatchCamelyon'], [tissue('test', null)])
    expect(shared).toMatchObject([{ centers: null, hospitals: ['Radboud UMC', 'UMC Utrecht'] }])
    expect(describeExposure('m', findExposure(['PatchCamelyon'], [tissue('test', null)]))).toContain(
      'Radboud UMC and UMC Utrecht, perhaps in test, whose centers are not named',
    )
  })

  it('saw the slides themselves where the study is of PatchCamelyon, or what was cut from it', () => {
    const hcd = [tissue('train', null, { dataset: 'Kaggle HCD' })]
    const found = findExposure(['PatchCamelyon'], hcd)
    expect(found.shared).toMatchObject([{ what: 'slides' }])
    expect(nameExposure(found)).toBe('slides of train')
    expect(describeExposure('m', found)).toContain('which has slides of Kaggle HCD in common with train')
  })

  it('saw no hospital of a study without centers 0 and 2', () => {
    const others = [tissue('train', ['3', '4']), tissue('val', ['1'])]
    expect(findExposure(['PatchCamelyon'], others)).toMatchObject({ status: 'none known', shared: [] })
  })
})

describe('what is not known', () => {
  const statusOf = (sets: readonly string[] | null, splits = challenge) => findExposure(sets, splits).status

  it('is never taken for clean', () => {
    expect(statusOf(setsOf('phikon-v2'))).toBe('not known')
    expect(statusOf(setsOf('h-optimus-0'))).toBe('not known')
    expect(statusOf([])).toBe('not known')
    expect(statusOf(['a set of ours'])).toBe('not known')
    expect(statusOf(['LVD-142M', 'a set of ours'])).toBe('not known')
    const ours = [tissue('train', ['A', 'B'], { dataset: null })]
    expect(statusOf(['Prov-Path'], ours)).toBe('not known')
    expect(statusOf(['Prov-Path'], [tissue('train', ['A'], { dataset: 'our own slides' })])).toBe('not known')
    expect(statusOf(['Prov-Path'], [tissue('train', ['7'])])).toBe('not known') // CAMELYON17 has no center 7
    expect(describeExposure('p', findExposure(['Prov-Path', 'x'], ours))).toBe(
      "p: whether its pre-training data hold patients of the study's hospitals is not known (the hospitals of 'x' are not named; the recipe names no data set for train whose hospitals are known).",
    )
  })

  it('does not matter for photographs, measured features and drawn patches', () => {
    const ours = [tissue('train', ['A', 'B'], { dataset: null })]
    expect(statusOf(setsOf('dinov2-small'), ours)).toBe('none known')
    expect(statusOf(setsOf('gigapath'))).toBe('none known')
    expect(statusOf(null, ours)).toBe('untrained')
    expect(statusOf([], [tissue('train', ['0'], { isSynthetic: true })])).toBe('no hospitals')
    expect(describeExposure('texture', findExposure(null, ours))).toBe('')
  })

  it('is said of every model of the catalog in one of these words', () => {
    const words = Object.values(catalog).map(({ pretraining }) =>
      statusOf(pretraining.map(({ name }: { name: string }) => name)),
    )
    expect(new Set(words)).toEqual(new Set(['yes', 'not known', 'none known']))
  })
})
