// How long-running work tells its caller where it stands. Work reports; only the command line draws.

/** Called now and then with what is done, out of `total` (undefined where unknown), in `unit`s. */
export type Progress = (done: number, total: number | undefined, note?: string) => void

/** A progress that says nothing. */
export const silent: Progress = () => {}
