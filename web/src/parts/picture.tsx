// A bitmap on a canvas of its own size, scaled by the page's styles.

import { useEffect, useRef } from 'preact/hooks'

export interface PictureProps {
  readonly bitmap: ImageBitmap
  /** What a screen reader says; '' where the text beside it says it already. */
  readonly label: string
  readonly class?: string
}

export function Picture({ bitmap, label, class: name }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    canvas.current?.getContext('2d')?.drawImage(bitmap, 0, 0)
  }, [bitmap])
  const { width, height } = bitmap
  const role = label ? ({ role: 'img', 'aria-label': label } as const) : ({ 'aria-hidden': true } as const)
  return (
    <canvas ref={canvas} key={`${width} ${height}`} width={width} height={height} class={name} {...role} />
  )
}
