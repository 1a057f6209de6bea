// Ten entries of a recipe's stains, for studies of many tasks.

/** As YAML, with a line break at its end. */
export const tenStains = `stain: [none, grayscale, luminosity, reinhard, macenko, vahadane, ruifrok,
  { method: macenko, label: second, percentile: 2 },
  { method: macenko, label: alone, fallback: none },
  { method: macenko, label: by-center, fallback: center }]
`
