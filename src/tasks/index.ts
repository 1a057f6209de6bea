export * from './cache.ts'
export { type Lease, type LeaseOptions, takeLease, withLease } from './lease.ts'
export * from './measure.ts'
export * from './wholeFolder.ts'
