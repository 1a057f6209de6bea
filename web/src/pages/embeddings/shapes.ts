// The shapes of points, as paths around the origin: groups are told apart without their colours.

import type { Shape } from './groups.ts'

/** An SVG path of a shape with a radius; crosses are outlines too, so that all can be filled. */
export function outline(shape: Shape, r: number): string {
  const t = r * 0.42
  const d = r * 0.8
  switch (shape) {
    case 'circle':
      return `M${-r} 0A${r} ${r} 0 1 0 ${r} 0A${r} ${r} 0 1 0 ${-r} 0Z`
    case 'square':
      return `M${-d} ${-d}H${d}V${d}H${-d}Z`
    case 'triangle':
      return `M0 ${-r * 1.15}L${r * 1.05} ${d}H${-r * 1.05}Z`
    case 'wedge':
      return `M0 ${r * 1.15}L${r * 1.05} ${-d}H${-r * 1.05}Z`
    case 'diamond':
      return `M0 ${-r * 1.25}L${r} 0L0 ${r * 1.25}L${-r} 0Z`
    case 'plus':
      return `M${-t} ${-r * 1.15}H${t}V${-t}H${r * 1.15}V${t}H${t}V${r * 1.15}H${-t}V${t}H${-r * 1.15}V${-t}H${-t}Z`
    case 'cross':
      return `M${-r} ${-r + t}L${-r + t} ${-r}L0 ${-t}L${r - t} ${-r}L${r} ${-r + t}L${t} 0L${r} ${r - t}L${r - t} ${r}L0 ${t}L${-r + t} ${r}L${-r} ${r - t}L${-t} 0Z`
  }
}
