// The card of a small ViT whose weights are those of a golden fixture: a known model that is quick to open.

/** A model's card as its user writes it, as JSON. */
export const tinyCard = {
  title: 'tiny',
  naming: 'timm',
  architecture: {
    width: 24,
    depth: 2,
    heads: 2,
    patchSize: 14,
    imageSize: 42,
    mlp: { kind: 'swiglu', hidden: 64 },
    registers: 4,
    positions: 'patches',
  },
  preprocessing: { resize: { side: 42 } },
}

/** Its weights. */
export const tinyWeights = 'fixtures/timm_hoptimus_like/weights.safetensors'
