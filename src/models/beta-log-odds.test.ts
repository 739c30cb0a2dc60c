import assert from 'node:assert/strict'
import { test } from 'node:test'
import { betaLogOdds, digamma } from './beta-log-odds.ts'

const near = (one: number, other: number, within: number) =>
  assert.ok(Math.abs(one - other) <= within * Math.max(1, Math.abs(other)), `${one} ${other}`)

test('digamma is as in the tables', () => {
  const euler = 0.5772156649015329
  near(digamma(1), -euler, 1e-11)
  near(digamma(0.5), -euler - 2 * Math.LN2, 1e-11)
  near(digamma(10), 2.251752589066721, 1e-11)
  near(digamma(1e-3), -1000.5755719318103, 1e-11)
})

test('the mean log-odds of a beta distribution are those of its density', () => {
  for (const [alpha, beta] of [
    [2, 3],
    [1.5, 40],
    [30, 4],
  ]) {
    const strength = alpha + beta
    const mean = alpha / strength
    let [mass, sum] = [0, 0]
    const steps = 200_000
    for (let i = 0; i < steps; i++) {
      const x = (i + 0.5) / steps
      const density = x ** (alpha - 1) * (1 - x) ** (beta - 1)
      mass += density
      sum += density * Math.log(x / (1 - x))
    }
    near(betaLogOdds(mean, (mean * (1 - mean)) / (strength + 1)), sum / mass, 1e-4)
  }
})

test('of a mean alone, or with more variance than fits, the log-odds are its own', () => {
  for (const variance of [0, 1e-12, 0.5]) near(betaLogOdds(0.2, variance), Math.log(0.25), 1e-6)
})
