// Where a number's slider stands. The bounds of options lie far above what anybody uses, so that the slider is stretched around the
// default: a default in the lowest twentieth of the range stands in the middle.

/** A number's bounds, as its option's rule states them. */
export interface SliderRange {
  readonly least: number
  readonly most: number
  readonly isWhole: boolean
}

/** Steps of every slider. */
export const sliderSteps = 200

/** The two directions between a slider's step, 0 to `sliderSteps`, and the value that it stands for. */
export function openScale({ least, most, isWhole }: SliderRange, usual: number) {
  const span = most - least
  const share = (usual - least) / span
  const power = share > 0 && share < 0.05 ? Math.log(share) / Math.log(0.5) : 1
  const toStep = (value: number) =>
    Math.round(sliderSteps * Math.min(1, Math.max(0, (value - least) / span)) ** (1 / power))
  const round = (value: number) => (isWhole ? Math.round(value) : Number(value.toPrecision(3)))
  return {
    toStep,
    toValue: (step: number) =>
      step === toStep(usual) // it must be within reach
        ? usual
        : Math.min(most, Math.max(least, round(least + span * (step / sliderSteps) ** power))),
  }
}
