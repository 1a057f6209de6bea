// Optical densities of a patch's tissue in red and green, with the directions of hematoxylin and eosin that are fitted on it.

import type { Densities } from './patchWorker.ts'

const side = 260
const edge = 34

export function Scatter({
  densities: { points, colours, tissue, pixels, vectors },
}: {
  readonly densities: Densities
}) {
  const most = Math.max(0.8, Math.ceil(10 * findMost(points)) / 10)
  const x = (density: number) => edge + (density / most) * (side - edge - 8)
  const y = (density: number) => side - edge - (density / most) * (side - edge - 8)
  const ticks = [0, most / 2, most]
  const found = vectors.filter(({ stains }) => stains)
  return (
    <figure class="scatter">
      <svg viewBox={`0 0 ${side} ${side}`} role="img" aria-label={describe(found)}>
        <path class="axis" d={`M${x(0)} ${y(most)}V${y(0)}H${x(most)}`} />
        {ticks.map((tick) => (
          <g key={tick}>
            <text x={x(tick)} y={y(0) + 15} text-anchor="middle">
              {tick.toFixed(1)}
            </text>
            <text x={x(0) - 5} y={y(tick) + 4} text-anchor="end">
              {tick.toFixed(1)}
            </text>
          </g>
        ))}
        <text x={x(most / 2)} y={side - 4} text-anchor="middle">
          density in red
        </text>
        <text transform={`translate(10 ${y(most / 2)}) rotate(-90)`} text-anchor="middle">
          density in green
        </text>
        {colours.map(
          (colour, i) =>
            points[2 * i] <= most &&
            points[2 * i + 1] <= most && (
              <circle
                key={`${i} ${colour}`}
                cx={x(points[2 * i])}
                cy={y(points[2 * i + 1])}
                r="1.4"
                fill={colour}
              />
            ),
        )}
        {found.flatMap(({ method, stains }) =>
          stains!.map(([red, green], stain) => {
            const reach = (0.97 * most) / Math.max(red, green, 1e-6)
            return (
              <path
                key={`${method} ${stain}`}
                class={`vector ${method} ${stain === 0 ? 'hematoxylin' : 'eosin'}`}
                d={`M${x(0)} ${y(0)}L${x(Math.max(0, red) * reach)} ${y(Math.max(0, green) * reach)}`}
              />
            )
          }),
        )}
      </svg>
      <figcaption>
        Optical density of {tissue.toLocaleString('en-US')} of {pixels.toLocaleString('en-US')} pixels, which
        are tissue. Lines: hematoxylin (blue) and eosin (red) by Macenko (solid) and Vahadane (dashed).
        {vectors.map(({ method, stains, reason }) => (
          <span key={method} class="vector-values">
            {method}:{' '}
            {stains
              ? stains
                  .map(
                    (vector, i) =>
                      `${i === 0 ? 'H' : 'E'} (${vector.map((value) => value.toFixed(2)).join(', ')})`,
                  )
                  .join(', ')
              : `none; ${reason}`}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

// So far that hardly any pixel is left out: single ones lie far off.
function findMost(points: Float32Array): number {
  const sorted = points.slice().sort()
  return sorted[Math.floor(0.995 * (sorted.length - 1))] ?? 0
}

function describe(found: Densities['vectors']): string {
  const said = found.map(({ method }) => method).join(' and ')
  return `Optical densities in red and green${said ? `, with the stain vectors of ${said}` : ''}`
}
