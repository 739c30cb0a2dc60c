import type { BenchOptions } from './claim.ts'
import { fullSize, type LearnerParts, type Parts, simulatedParts, smokeSize, ulbParts } from './tables.ts'

/** The same comparison on the simulated table and on the real rows, each under its own heading. */
export async function onBothTables(
  { smoke }: BenchOptions,
  compare: (parts: Parts) => Promise<string>,
): Promise<string> {
  const simulated = await simulatedParts(smoke ? smokeSize : fullSize)
  const ulb = await ulbParts()
  const texts = [`### Simulated table: ${describe(simulated)}\n\n${await compare(simulated)}`]
  if (ulb) texts.push(`### ULB rows, day 1: ${describe(ulb)}\n\n${await compare(ulb)}`)
  else texts.push('### ULB rows\n\nNot at hand.')
  return texts.join('\n\n')
}

export function describe({ rows, frauds, testRows, testFrauds }: LearnerParts): string {
  const count = (value: number) => value.toLocaleString('en-US')
  return `${count(rows)} rows, ${count(frauds)} frauds; ${count(testRows)} later rows, ${count(testFrauds)} frauds`
}
