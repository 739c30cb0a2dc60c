import type { Dimension } from '../core/dimension.ts'

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
