// Data sets that models are trained on or studies are of: what each is cut from, and whose patients it holds. Facts with their
// sources; what nobody states stays unknown. Of a set that is not here nothing is known.

/** What is known of a data set. */
export interface Dataset {
  /** Other names of it. */
  readonly alias?: readonly string[]
  /** The set whose slides it is cut from; its hospitals are those. */
  readonly cutFrom?: string
  /** Hospitals whose patients it holds; empty where it holds no tissue; not there where nobody names them. */
  readonly hospitals?: readonly string[]
  /** The hospital of each center as its files number them. */
  readonly centers?: Readonly<Record<string, string>>
  readonly source: string
}

const camelyon17Centers = {
  0: 'Radboud UMC',
  1: 'Canisius-Wilhelmina Ziekenhuis',
  2: 'UMC Utrecht',
  3: 'Rijnstate',
  4: 'LabPON',
} as const

/** The data sets by name. */
export const datasets: Readonly<Partial<Record<string, Dataset>>> = {
  CAMELYON16: {
    hospitals: ['Radboud UMC', 'UMC Utrecht'],
    source: 'Ehteshami Bejnordi et al., JAMA 2017; Litjens et al., GigaScience 2018',
  },
  CAMELYON17: {
    hospitals: Object.values(camelyon17Centers),
    centers: camelyon17Centers,
    source: 'Litjens et al., GigaScience 2018; its README lists the hospitals in the order of their numbers',
  },
  'Camelyon17-WILDS': {
    alias: ['WILDS Camelyon17'],
    cutFrom: 'CAMELYON17',
    source: 'Koh et al., ICML 2021; the Kaggle challenge has its patches and the numbers of its centers',
  },
  PatchCamelyon: { alias: ['PCam'], cutFrom: 'CAMELYON16', source: 'Veeling et al., MICCAI 2018' },
  'Histopathologic Cancer Detection': {
    alias: ['Kaggle HCD', 'HCD'],
    cutFrom: 'PatchCamelyon',
    source: 'its Kaggle page: PatchCamelyon without duplicates',
  },
  LC25000: {
    hospitals: ["James A. Haley Veterans' Hospital"],
    source: 'Borkowski et al., arXiv:1912.12142',
  },
  'Prov-Path': { hospitals: ['Providence'], source: 'Xu et al., Nature 2024: 28 cancer centers in the USA' },
  'Mass-100K': { hospitals: ['Mass General Brigham', 'GTEx'], source: 'Chen et al., Nature Medicine 2024' },
  'Mass General Brigham': { hospitals: ['Mass General Brigham'], source: "UNI2-h's model card" },
  TCGA: { source: 'sites in many countries, which were not compared with those of other sets' },
  'LVD-142M': { hospitals: [], source: 'Oquab et al., TMLR 2024: photographs of the web' },
  'LVD-1689M': { hospitals: [], source: 'Siméoni et al., arXiv:2508.10104: photographs of the web' },
  ImageNet: {
    alias: ['ImageNet-1k', 'ImageNet-21k', 'ImageNet-22k'],
    hospitals: [],
    source: 'Deng et al., CVPR 2009: photographs of the web',
  },
}

const plain = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
const byPlainName = new Map(
  Object.entries(datasets).flatMap(([name, set]) =>
    [name, ...(set?.alias ?? [])].map((spelled) => [plain(spelled), name] as const),
  ),
)

/** The set and all that it is cut from, itself first, by the names of `datasets` whatever the spelling. */
export function listSources(name: string): readonly string[] {
  const own = byPlainName.get(plain(name)) ?? name
  const below = datasets[own]?.cutFrom
  return below === undefined ? [own] : [own, ...listSources(below)]
}

/** Its hospitals, none for sets without tissue; null where they are not known. */
export function hospitalsOf(name: string): readonly string[] | null {
  return findStated(name, ({ hospitals }) => hospitals)
}

/** The hospital of each center as its files number them; null where that is not known. */
export function centersOf(name: string): Readonly<Record<string, string>> | null {
  return findStated(name, ({ centers }) => centers)
}

function findStated<Fact>(name: string, pick: (dataset: Dataset) => Fact | undefined): Fact | null {
  for (const source of listSources(name)) {
    const known = datasets[source] && pick(datasets[source])
    if (known !== undefined) return known
  }
  return null
}
