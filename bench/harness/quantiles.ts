import { z } from 'zod'

/** Times in milliseconds: exact quantiles of all of them. */
export const timesSchema = z.object({
  count: z.number(),
  p50: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
})
export type Times = z.infer<typeof timesSchema>

export function describeTimes(values: readonly number[]): Times {
  const sorted = Float64Array.from(values).sort()
  /** The smallest value that a share of all does not exceed. */
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { count: sorted.length, p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999), max: quantile(1) }
}
