import type { FieldError } from '../core/errors.ts'
import type { PolicyFeatureState } from '../deciding/decisions.ts'
import type { NameEntry } from '../deciding/name-dictionary.ts'
import type { FiguresView } from '../deciding/present-figures.ts'
import type { Change, Definitions } from '../decisioning/index.ts'

/** What is in force, and by which number decisions name it. */
interface PolicyVersion extends Definitions {
  readonly version: number
  /** Ids of the fuses that have tripped. */
  readonly tripped: readonly string[]
  /** Its own, beside those of the model. */
  readonly features: readonly PolicyFeatureState[]
  /** Missing of a service that does not tell it. */
  readonly reviews?: { readonly last24h: number; readonly perDay: number | null } | undefined
}

/** How a version came about. */
export interface PolicyStep {
  readonly version: number
  readonly at: string
  readonly by: string
  readonly why?: string | undefined
  /** In words, a line for each thing that is different. */
  readonly changes: readonly string[]
}

interface ChangeRequest {
  readonly why?: string | undefined
  /** It is refused where another version is in force by then. */
  readonly ifVersion?: number | undefined
}

type Problems = readonly FieldError[]

export interface ChangeAnswer {
  readonly version: number
  readonly warnings: Problems
}

export interface CheckAnswer {
  readonly problems: Problems
  readonly warnings: Problems
}

export interface RuleReport {
  /** How often it could not be told for want of a value; null where no service is running. */
  readonly unknown: { readonly count: number; readonly decisions: number; readonly since: string | null } | null
  readonly figures: readonly FiguresView[]
}

/** The policy of a service, or of a data directory that none works on. */
export interface PolicyTarget {
  readonly where: string
  read(): Promise<PolicyVersion>
  /** The newest last. */
  steps(): Promise<readonly PolicyStep[]>
  change(change: Change, request: ChangeRequest): Promise<ChangeAnswer>
  /** What every version of a rule did, the newest first. */
  figures(rule: string): Promise<RuleReport>
  /** Every name that a condition can use. */
  names(): Promise<readonly NameEntry[]>
  /** Looks at a change, which is not made, and may not even be one. */
  checkChange(change: object): Promise<CheckAnswer>
  /** The entries of a list, in the order in which they were added; persons by their tokens. */
  entries(list: string): AsyncIterable<ListedEntry>
}

export interface ListedEntry {
  /** A later one is larger, and a value that is added again gets a new one. */
  readonly number: number
  readonly value: string
  readonly expiresAt?: string | undefined
  readonly source?: string | undefined
  readonly note?: string | undefined
}
