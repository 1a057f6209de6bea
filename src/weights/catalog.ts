// The models Eosin knows by name. Architectures and preprocessing are those of the reference code; licences,
// pre-training data and what is gated were read in public model cards, papers and third-party loaders
// (mahmoodlab/TRIDENT, rendeirolab/LazySlide, huggingface/transformers). What is second-hand says so.

import { imageNet } from '../base/index.ts'
import type { DavitArchitecture } from '../models/davitShapes.ts'
import type { VitArchitecture } from '../models/vitShapes.ts'
import { type ModelCard, type Preprocessing, usualFiles } from './modelCard.ts'

const at224: Preprocessing = {
  resize: { side: 224, edge: 'shorter' },
  filter: 'bicubic',
  crop: 224,
  ...imageNet,
}

// DINOv2 by its sizes, with and without registers.

const dinov2: VitArchitecture = {
  family: 'vit',
  width: 384,
  depth: 12,
  heads: 6,
  patchSize: 14,
  imageSize: 518,
  mlp: { kind: 'gelu', hidden: 1536 },
  registers: 0,
  layerScale: true,
  positions: 'class and patches',
  maskToken: true,
  layerNormEps: 1e-6,
  resampling: 'hub',
}
const small = dinov2
const base: VitArchitecture = { ...dinov2, width: 768, heads: 12, mlp: { kind: 'gelu', hidden: 3072 } }
const large: VitArchitecture = {
  ...dinov2,
  width: 1024,
  depth: 24,
  heads: 16,
  mlp: { kind: 'gelu', hidden: 4096 },
}
const giant: VitArchitecture = {
  ...dinov2,
  width: 1536,
  depth: 40,
  heads: 24,
  mlp: { kind: 'swiglu', hidden: 4096 },
}

function dinov2Card(size: string, vit: VitArchitecture, hasRegisters: boolean): ModelCard {
  return {
    title: `DINOv2 ${size}${hasRegisters ? ' with registers' : ''}`,
    architecture: hasRegisters ? { ...vit, registers: 4, resampling: 'hub with registers' } : vit,
    repo: `facebook/dinov2-${hasRegisters ? 'with-registers-' : ''}${size}`,
    files: usualFiles,
    naming: 'huggingface dinov2',
    embedding: { size: vit.width, of: 'class token' },
    preprocessing: { ...at224, resize: { side: 256, edge: 'shorter' } },
    licence: 'Apache-2.0',
    gated: false,
    pretraining: [{ name: 'LVD-142M', about: '142 million natural images' }],
    confirmed: true,
  }
}

// DINOv3 by its sizes: no position embedding, queries and keys of patches are rotated.

function dinov3Card(size: 's' | 'b' | 'l', vit: VitArchitecture): ModelCard {
  return {
    title: `DINOv3 ViT-${size.toUpperCase()}/16`,
    architecture: {
      ...vit,
      patchSize: 16,
      imageSize: 224,
      registers: 4,
      positions: 'rotary',
      layerNormEps: 1e-5,
      resampling: 'none',
    },
    repo: `facebook/dinov3-vit${size}16-pretrain-lvd1689m`,
    files: usualFiles,
    naming: 'huggingface dinov3',
    embedding: { size: vit.width, of: 'class token' },
    preprocessing: { resize: { side: 224, edge: 'both' }, filter: 'bilinear', crop: null, ...imageNet },
    licence: 'DINOv3 License',
    gated: true,
    pretraining: [{ name: 'LVD-1689M', about: '1.7 billion natural images' }],
    confirmed: false,
    doubts: 'tensor names are those of the class in transformers; a published file was not seen',
  }
}

// Pathology ViTs as timm builds them.

const timm = { maskToken: false, resampling: 'timm' } as const
const uni: VitArchitecture = { ...large, ...timm, patchSize: 16, imageSize: 224 }
const giant224: VitArchitecture = { ...giant, ...timm, imageSize: 224 }

const davit: DavitArchitecture = {
  family: 'davit',
  widths: [256, 512, 1024, 2048],
  depths: [1, 1, 9, 1],
  heads: [8, 16, 32, 64],
  groups: [8, 16, 32, 64],
  windowSize: 12,
  patchSizes: [7, 3, 3, 3],
  strides: [4, 2, 2, 2],
  paddings: [3, 1, 1, 1],
  prenorms: [false, true, true, true],
  mlpRatio: 4,
  projection: 1024,
  imageSize: 480,
  layerNormEps: 1e-5,
}

/** The known models by the names that recipes and commands use. */
export const catalog = {
  'dinov2-small': dinov2Card('small', small, false),
  'dinov2-base': dinov2Card('base', base, false),
  'dinov2-large': dinov2Card('large', large, false),
  'dinov2-giant': dinov2Card('giant', giant, false),
  'dinov2-small-registers': dinov2Card('small', small, true),
  'dinov2-base-registers': dinov2Card('base', base, true),
  'dinov2-large-registers': dinov2Card('large', large, true),
  'dinov2-giant-registers': dinov2Card('giant', giant, true),
  'dinov3-small': dinov3Card('s', small),
  'dinov3-base': dinov3Card('b', base),
  'dinov3-large': dinov3Card('l', large),
  medimageinsight: {
    title: 'MedImageInsight (image encoder)',
    architecture: davit,
    repo: 'lion-ai/MedImageInsights',
    files: ['2024.09.27/vision_model/medimageinsigt-v1.0.0.pt'],
    naming: 'davit',
    sha256: '5eeda63bf616a61664bc95b2c09d3b3d7125209e635678bd3f5f324e9bdb1414',
    bytes: 2_464_060_700,
    embedding: { size: 1024, of: 'image' },
    preprocessing: { resize: { side: 480, edge: 'both' }, filter: 'bicubic', crop: null, ...imageNet },
    licence: 'MIT',
    gated: false,
    pretraining: [
      {
        name: 'PatchCamelyon',
        about: 'CAMELYON16, whose two hospitals are among those of CAMELYON17',
      },
      { name: 'others', about: '14 domains of medical images, 3.8 million in all' },
    ],
    confirmed: false,
    doubts: 'the licence is second-hand; hash and size are those of a copy of the repository',
  },
  uni: {
    title: 'UNI',
    architecture: uni,
    repo: 'MahmoodLab/UNI',
    files: ['pytorch_model.bin'],
    naming: 'timm',
    embedding: { size: 1024, of: 'class token' },
    preprocessing: { ...at224, filter: 'bilinear' },
    licence: 'CC-BY-NC-ND-4.0',
    gated: true,
    pretraining: [{ name: 'Mass-100K', about: '100,000 slides of Boston hospitals and GTEx' }],
    confirmed: false,
    doubts: 'the pre-training data are second-hand',
  },
  'uni2-h': {
    title: 'UNI2-h',
    architecture: { ...giant224, depth: 24, registers: 8, positions: 'patches' },
    repo: 'MahmoodLab/UNI2-h',
    files: ['pytorch_model.bin'],
    naming: 'timm',
    embedding: { size: 1536, of: 'class token' },
    preprocessing: { ...at224, filter: 'bilinear' },
    licence: 'CC-BY-NC-ND-4.0',
    gated: true,
    pretraining: [{ name: 'Mass General Brigham', about: '350,000 H&E and IHC slides' }],
    confirmed: false,
    doubts: 'licence and pre-training data are second-hand',
  },
  virchow2: {
    title: 'Virchow2',
    architecture: {
      ...uni,
      width: 1280,
      depth: 32,
      patchSize: 14,
      mlp: { kind: 'swiglu', hidden: 3416 },
      registers: 4,
      positions: 'all',
    },
    repo: 'paige-ai/Virchow2',
    files: usualFiles,
    naming: 'timm',
    embedding: { size: 2560, of: 'class token and patch mean' },
    preprocessing: at224,
    licence: 'CC-BY-NC-ND-4.0',
    gated: true,
    pretraining: [
      {
        name: 'Memorial Sloan Kettering and others',
        about: '3.1 million slides of several stains',
      },
    ],
    confirmed: false,
    doubts: 'licence and pre-training data are second-hand',
  },
  'h-optimus-0': {
    title: 'H-optimus-0',
    architecture: { ...giant224, registers: 4, positions: 'patches' },
    repo: 'bioptimus/H-optimus-0',
    files: usualFiles,
    naming: 'timm',
    embedding: { size: 1536, of: 'class token' },
    preprocessing: {
      ...at224,
      filter: 'bilinear',
      mean: [0.707223, 0.578729, 0.703617],
      std: [0.211883, 0.230117, 0.177517],
    },
    licence: 'Apache-2.0',
    gated: true,
    pretraining: [{ name: 'not published', about: '500,000 H&E slides' }],
    confirmed: false,
    doubts: 'gating and pre-training data are second-hand; loaders differ in the resize filter',
  },
  gigapath: {
    title: 'Prov-GigaPath (tile encoder)',
    architecture: { ...giant224, patchSize: 16 },
    repo: 'prov-gigapath/prov-gigapath',
    files: ['pytorch_model.bin'],
    naming: 'timm',
    embedding: { size: 1536, of: 'class token' },
    preprocessing: { ...at224, resize: { side: 256, edge: 'shorter' } },
    licence: 'Apache-2.0 with conditions',
    gated: true,
    pretraining: [
      {
        name: 'Prov-Path',
        about: '1.3 billion tiles of 171,189 slides, 28 centers of Providence',
      },
    ],
    confirmed: false,
    doubts:
      'the architecture is that of a third-party loader that loads it strictly; the licence is second-hand',
  },
  phikon: {
    title: 'Phikon',
    architecture: {
      ...base,
      patchSize: 16,
      imageSize: 224,
      layerScale: false,
      maskToken: false,
      layerNormEps: 1e-12,
      resampling: 'huggingface',
    },
    repo: 'owkin/phikon',
    files: usualFiles,
    naming: 'huggingface vit',
    embedding: { size: 768, of: 'class token' },
    preprocessing: { resize: { side: 224, edge: 'both' }, filter: 'bilinear', crop: null, ...imageNet },
    licence: 'Owkin non-commercial licence',
    gated: false,
    pretraining: [{ name: 'TCGA', about: '40 million tiles of 16 cancers' }],
    confirmed: false,
    doubts: "the epsilon is the class's default; the pre-training data are second-hand",
  },
  'phikon-v2': {
    title: 'Phikon-v2',
    architecture: { ...large, patchSize: 16, imageSize: 224, resampling: 'huggingface' },
    repo: 'owkin/phikon-v2',
    files: usualFiles,
    naming: 'huggingface dinov2',
    embedding: { size: 1024, of: 'class token' },
    preprocessing: { resize: { side: 224, edge: 'both' }, filter: 'bicubic', crop: null, ...imageNet },
    licence: 'Owkin non-commercial licence',
    gated: false,
    pretraining: [
      {
        name: 'PANCAN-XL',
        about: '456 million tiles of 58,000 slides in 132 public sets',
      },
    ],
    confirmed: false,
    doubts: 'resize, gating and the image size of the position embedding are second-hand',
  },
} as const satisfies Record<string, ModelCard>

/** The name of a known model. */
export type ModelName = keyof typeof catalog
