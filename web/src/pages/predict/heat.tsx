// A picture under the probabilities of its patches: a cell each, blue below the threshold and red from it on, the stronger the
// farther from it.

import { useEffect, useRef } from 'preact/hooks'
import { Picture } from '../../parts/picture.tsx'
import type { PredictPicture } from './usePredict.ts'

export interface HeatProps {
  readonly picture: PredictPicture
  /** Sides of a patch in pixels. */
  readonly patch: { readonly height: number; readonly width: number }
  readonly threshold: number
  /** Of the strongest cell, 0 to 1. */
  readonly opacity: number
}

export function Heat({ picture, patch, threshold, opacity }: HeatProps) {
  const { name, bitmap, rows, columns, width, height, probabilities } = picture
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!
    const style = getComputedStyle(canvas.current!)
    context.clearRect(0, 0, columns, rows)
    probabilities.forEach((probability, i) => {
      if (Number.isNaN(probability)) return
      const isTumour = probability >= threshold
      const strength = isTumour
        ? (probability - threshold) / Math.max(1 - threshold, 1e-6)
        : (threshold - probability) / Math.max(threshold, 1e-6)
      context.globalAlpha = opacity * (0.25 + 0.75 * strength)
      context.fillStyle = style.getPropertyValue(isTumour ? '--tumour' : '--normal')
      context.fillRect(i % columns, Math.floor(i / columns), 1, 1)
    })
  }, [probabilities, threshold, opacity, rows, columns])
  const known = probabilities.filter((probability) => !Number.isNaN(probability))
  const tumour = known.filter((probability) => probability >= threshold).length
  const said =
    known.length === 0
      ? 'not predicted yet'
      : probabilities.length === 1
        ? `probability ${known[0].toFixed(3)}, ${tumour ? 'tumour' : 'no tumour'}`
        : `${tumour} of ${known.length} patches tumour`
  // Whole patches lie from the top left; what is left over at the right and below is not covered.
  const share = (part: number, whole: number) => `${(100 * part) / whole}%`
  const covered = { width: share(columns * patch.width, width), height: share(rows * patch.height, height) }
  return (
    <figure class={`heat${probabilities.length === 1 ? ' small' : ''}`}>
      <div class="layers">
        <Picture bitmap={bitmap} label={`${name}: ${said}`} />
        <canvas
          ref={canvas}
          key={`${rows} ${columns}`}
          width={columns}
          height={rows}
          aria-hidden
          style={covered}
        />
      </div>
      <figcaption>
        <span class="name" title={name}>
          {name}
        </span>
        <span>{said}</span>
      </figcaption>
    </figure>
  )
}
