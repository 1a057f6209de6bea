// How far a piece of work is, in words and as a bar; it never turns without saying how much is left.

export interface ProgressProps {
  /** What is done, e.g. `Predicting`. */
  readonly label: string
  readonly done: number
  readonly total: number
  /** e.g. `patches`. */
  readonly unit: string
  readonly onCancel?: () => void
}

export function Progress({ label, done, total, unit, onCancel }: ProgressProps) {
  return (
    <div class="progress">
      <span>
        {label}: {done} of {total} {unit}
      </span>
      <progress aria-label={label} max={total} value={done} />
      {onCancel && (
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      )}
    </div>
  )
}
