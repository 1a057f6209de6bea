// Two pictures of one size over each other, with a curtain between them that the mouse, a finger or the arrow keys move.

import { useState } from 'preact/hooks'
import { Picture } from './picture.tsx'

export interface CurtainProps {
  readonly before: ImageBitmap
  readonly after: ImageBitmap
  /** What the picture is, e.g. its name. */
  readonly name: string
}

export function Curtain({ before, after, name }: CurtainProps) {
  const [share, setShare] = useState(50)
  return (
    <div class="curtain">
      <Picture bitmap={before} label={`${name} before`} />
      <div class="front" style={{ clipPath: `inset(0 0 0 ${share}%)` }}>
        <Picture bitmap={after} label={`${name} after`} />
      </div>
      <div class="edge" style={{ left: `${share}%` }} />
      <input
        type="range"
        min={0}
        max={100}
        step={1}
        value={share}
        aria-label={`Curtain of ${name}`}
        aria-valuetext={`${share} % before, ${100 - share} % after`}
        onInput={({ currentTarget }) => setShare(Number(currentTarget.value))}
      />
    </div>
  )
}
