export * from './cache.ts'
export * from './describeForecast.ts'
export { type Estimate, type Known, openRates, type RateTable } from './estimate.ts'
export * from './execute.ts'
export * from './forecast.ts'
export { type Hold, openHold } from './holds.ts'
export * from './inventory.ts'
export {
  findHolder,
  findLocalHolder,
  type Lease,
  type LeaseOptions,
  type Place,
  takeLease,
  withLease,
} from './lease.ts'
export * from './markDue.ts'
export * from './measure.ts'
export * from './memory.ts'
export * from './ownFolder.ts'
export * from './prune.ts'
export * from './rates.ts'
export { findPeak, orderByPath, type Slot, scheduleTasks, type TimedTask } from './schedule.ts'
export * from './seal.ts'
export * from './wholeFolder.ts'
