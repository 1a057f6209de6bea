// Figures as they stand in pages, with what it takes to write them into files of their own.

/** A line of a legend; `dash` is its pattern, dash and gap in CSS pixels, none for a whole line. */
export interface LegendEntry {
  readonly label: string
  /** A CSS colour. */
  readonly colour: string
  readonly dash?: readonly number[]
}

/** A figure as it stands in a page. */
export interface Figure {
  /** What its files are to be called, in any words. */
  readonly name: string
  /** SVG in the page's colours. */
  readonly svg: string
  /** What its lines are, where the page says it beside the drawing. */
  readonly legend?: readonly LegendEntry[]
  /** What it was drawn from, as JSON: of a chart, its Vega-Lite specification with the data in it. */
  readonly data: string
}
