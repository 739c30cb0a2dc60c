import { describeMachine, pinnedVersions } from './machine.ts'
import { requirements } from './peers.ts'

/** What the command line asks of a claim. */
export interface BenchOptions {
  /** Runs of each side; a claim has its own default. */
  readonly rounds: number | undefined
  /** A small table, short runs, and nothing written: shows that the benchmark itself works. */
  readonly smoke: boolean
  readonly log: (line: string) => void
}

/** One claim about speed, with its measurement. */
export interface Claim {
  readonly title: string
  /** The versions that its figures depend on, by their names in requirements.txt. */
  readonly packages: readonly string[]
  /** Measures and returns Markdown. */
  measure(options: BenchOptions): Promise<string>
}

/** When, where and how a claim's figures came about: the lines above its tables. */
export function describeRun(claim: Claim, command: string, now: Date): string {
  const lines = [
    `Date: ${now.toISOString().slice(0, 10)}`,
    `Machine: ${describeMachine()}`,
    ...(claim.packages.length === 0 ? [] : [`Peers: ${pinnedVersions(requirements, claim.packages)}`]),
    `Command: \`${command}\``,
  ]
  return lines.map((line) => `- ${line}`).join('\n')
}
