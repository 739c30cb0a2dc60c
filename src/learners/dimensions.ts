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

/** The parts of a search space, as learners declare them. */
export const choice = (name: string, ...values: readonly unknown[]): Dimension => ({ kind: 'choice', name, values })
export const share = (name: string, from: number): Dimension => {
  return { kind: 'range', name, from, to: 1, scale: 'linear', whole: false }
}
export const log = (name: string, from: number, to: number): Dimension => {
  return { kind: 'range', name, from, to, scale: 'log', whole: false }
}
export const wholeLog = (name: string, from: number, to: number): Dimension => {
  return { kind: 'range', name, from, to, scale: 'log', whole: true }
}
