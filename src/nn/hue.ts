// Turning the hue of an image through HSV and back (Smith 1978), as values of a graph; as torchvision's adjust_hue on
// float tensors, for which nothing keeps values in [0, 1] but the clamping of three of the four HSV levels.

import * as g from '../graph/index.ts'

/** x [N,3,H,W] with its hue turned by `turns` (a scalar in [-0.5, 0.5]; 1 is all the way round). */
export function turnHue(x: g.Value, turns: g.Operand): g.Value {
  const { hue, saturation, value } = toHsv(x)
  return fromHsv(wrapUnit(g.add(hue, turns)), saturation, value)
}

function toHsv(x: g.Value): { hue: g.Value; saturation: g.Value; value: g.Value } {
  const [r, green, b] = g.split(x, 1, [1, 1, 1])
  const largest = g.maximum(g.maximum(r, green), b)
  const range = g.sub(largest, g.minimum(g.minimum(r, green), b))
  const isGray = g.equal(range, 0)
  const divisor = g.where(isGray, 1, range)
  const [fromRed, fromGreen, fromBlue] = [r, green, b].map((one) => g.div(g.sub(largest, one), divisor))
  const ofGreen = g.sub(g.add(2, fromRed), fromBlue)
  const ofBlue = g.sub(g.add(4, fromGreen), fromRed)
  const sixths = g.where(
    g.equal(r, largest),
    g.sub(fromBlue, fromGreen),
    g.where(g.equal(green, largest), ofGreen, ofBlue),
  )
  return {
    // as torchvision does it: the added 1 rounds as well
    hue: wrapUnit(g.add(g.div(g.where(isGray, 0, sixths), 6), 1)),
    saturation: g.div(range, g.where(isGray, 1, largest)),
    value: largest,
  }
}

// The fraction of x in [-1, 2).
function wrapUnit(x: g.Value): g.Value {
  const raised = g.where(g.greater(0, x), g.add(x, 1), x)
  return g.where(g.greater(1, raised), raised, g.sub(raised, 1))
}

function fromHsv(hue: g.Value, saturation: g.Value, value: g.Value): g.Value {
  const sixths = g.mul(hue, 6)
  const isBelow = [1, 2, 3, 4, 5].map((edge) => g.greater(edge, sixths))
  const pick = (levels: readonly g.Value[]) =>
    isBelow.reduceRight((rest, below, i) => g.where(below, levels[i], rest), levels[5])
  const part = g.sub(sixths, pick([0, 1, 2, 3, 4, 5].map((sector) => g.scalar(sector))))
  const lower = (share: g.Operand) => clampUnit(g.mul(value, g.sub(1, share)))
  const p = lower(saturation)
  const q = lower(g.mul(saturation, part))
  const t = lower(g.mul(saturation, g.sub(1, part)))
  return g.concat(
    [pick([value, q, p, p, t, value]), pick([t, value, value, q, p, p]), pick([p, p, t, value, value, q])],
    1,
  )
}

function clampUnit(x: g.Value): g.Value {
  return g.minimum(g.maximum(x, 0), 1)
}
