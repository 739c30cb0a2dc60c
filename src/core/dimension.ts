/** One option that a search may set: one of some values, or any number of a range. */
export type Dimension = Choice | Range

export interface Choice {
  readonly kind: 'choice'
  readonly name: string
  readonly values: readonly unknown[]
}

export interface Range {
  readonly kind: 'range'
  readonly name: string
  readonly from: number
  readonly to: number
  readonly scale: 'linear' | 'log'
  readonly whole: boolean
}
