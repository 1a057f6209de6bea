// The inverse of 3 x 3 matrices, by their cofactors.

/** A matrix [3, 3] as its rows. */
export type Matrix3 = readonly (readonly number[])[]

/** The inverse of a matrix [3, 3]; entries are not finite where it has none. */
export function invert3([[a, b, c], [d, e, f], [g, h, i]]: Matrix3): number[][] {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((cofactor) => cofactor / determinant))
}
