export const severities = ['challenge', 'review', 'decline'] as const

/** From which score on an outcome is asked for. */
export type Thresholds = Readonly<Partial<Record<(typeof severities)[number], number>>>
