import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decomposeSymmetric, type Symmetric, type Vector } from '../../src/stain/eigen.ts'

// Covariance matrices (xx xy xz yy yz zz) and what numpy.linalg.eigh (LAPACK 3.11) makes of them.
const lapack: readonly (readonly [Symmetric, readonly [Vector, Vector, Vector]])[] = [
  [
    [0.0208, -0.0071, -0.0023, 0.0651, -0.0102, 0.0132],
    [
      [0.335250248235, 0.213054506529, 0.917722751328],
      [0.931936943317, 0.0679009921979, -0.356206385315],
      [0.138205661024, -0.974678014786, 0.175789541085],
    ],
  ],
  [
    [0.0246, 0.0185, 0.0089, 0.0919, 0.0194, 0.0192],
    [
      [-0.47072507073, -0.103892119022, 0.876141732479],
      [-0.845513219897, 0.336803984208, -0.414331354354],
      [-0.252042263849, -0.935825573398, -0.246384239364],
    ],
  ],
  [
    [0.0231, -0.0185, -0.0044, 0.0606, 0.0117, 0.0117],
    [
      [0.0265868336112, -0.212132221149, 0.976879245879],
      [0.928611811063, 0.367038743811, 0.0544303674038],
      [-0.370098965998, 0.905694474584, 0.206746884077],
    ],
  ],
  [
    [0.0621, 0.0171, 0.0201, 0.0955, 0.0093, 0.026],
    [
      [-0.40023608569, -0.0213545289268, 0.916163227709],
      [-0.806557525701, 0.482820817875, -0.341099714982],
      [-0.435058655179, -0.875458760834, -0.21046597025],
    ],
  ],
  [
    [0.0209, 0.0039, 0.0035, 0.0678, 0.002, 0.0139],
    [
      [-0.379962734215, -0.00665017310669, 0.92497788936],
      [0.921072909997, -0.0947874048507, 0.37767716684],
      [-0.0851646351388, -0.995475325199, -0.0421409758115],
    ],
  ],
  [
    [0.0196, 0.0117, 0.0157, 0.108, 0.0237, 0.032],
    [
      [0.805389787719, 0.046170039695, -0.590944682074],
      [0.570806987341, -0.329135959693, 0.752229289007],
      [-0.159770688927, -0.94315314105, -0.291436921972],
    ],
  ],
]

const multiply = ([xx, xy, xz, yy, yz, zz]: Symmetric, [x, y, z]: Vector) => [
  xx * x + xy * y + xz * z,
  xy * x + yy * y + yz * z,
  xz * x + yz * y + zz * z,
]
const entry = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 100)

describe('the eigenvectors of a symmetric matrix', () => {
  it('have the signs that LAPACK gives them', () => {
    for (const [matrix, expected] of lapack) {
      const { vectors } = decomposeSymmetric(matrix)
      vectors.flat().forEach((value, i) => {
        expect(value).toBeCloseTo(expected.flat()[i], 9)
      })
    }
  })

  // Diagonal blocks of two, which are solved directly; values are those of numpy.linalg.eigh, to 14 digits of each.
  it.each<readonly [string, Symmetric, readonly number[]]>([
    ['the second entry larger', [0.5, 0, 0, 1e-9, 2e-8, 0.4], [9.99998999999998e-10, 0.400000000000001, 0.5]],
    ['the first entry larger', [0.5, 0, 0, 0.4, 2e-8, 1e-9], [9.99998999999998e-10, 0.400000000000001, 0.5]],
    ['both below zero', [0.5, 0, 0, -1e-9, 2e-8, -0.7], [-0.7000000000000005, -9.99999428571428e-10, 0.5]],
    ['a sum of zero', [0.5, 0, 0, -0.2, 0.1, 0.2], [-0.223606797749979, 0.223606797749979, 0.5]],
    ['sizes far apart, the second larger', [1, 0, 0, 3e-180, 1e-25, 2e150], [3e-180, 1, 2e150]],
    ['sizes far apart, the first larger', [1, 0, 0, 2e150, 1e-25, 3e-180], [3e-180, 1, 2e150]],
  ])('have the values that LAPACK finds: %s', (_, matrix, expected) => {
    decomposeSymmetric(matrix).values.forEach((value, i) => {
      expect(Math.abs(value / expected[i] - 1)).toBeLessThan(1e-14)
    })
  })

  it('solve A v = value v, are orthonormal, and come in ascending order', () => {
    fc.assert(
      fc.property(fc.tuple(entry, entry, entry, entry, entry, entry), (matrix) => {
        const { values, vectors } = decomposeSymmetric(matrix)
        expect(values[0]).toBeLessThanOrEqual(values[1])
        expect(values[1]).toBeLessThanOrEqual(values[2])
        vectors.forEach((v, i) => {
          multiply(matrix, v).forEach((value, k) => {
            expect(Math.abs(value - values[i] * v[k])).toBeLessThan(1e-12)
          })
          vectors.forEach((w, j) => {
            const product = v[0] * w[0] + v[1] * w[1] + v[2] * w[2]
            expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-12)
          })
        })
      }),
      { numRuns: 300 },
    )
  })

  it('are finite for the zero matrix and for rank one', () => {
    for (const matrix of [
      [0, 0, 0, 0, 0, 0],
      [1, 1, 1, 1, 1, 1],
    ] as const) {
      expect(decomposeSymmetric(matrix).vectors.flat().every(Number.isFinite)).toBe(true)
    }
  })
})
