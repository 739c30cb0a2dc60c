import type { ClusterDefinition } from './cluster-definition.ts'
import type { Entry } from './entries.ts'

/** What the control lane has put in force, as everybody folds it. */
export interface Control {
  /** The position of its last entry that was taken; -1 before the first. */
  readonly position: number
  /** The newest definition. */
  readonly newest: ClusterDefinition | undefined
  /** The definition at a position; undefined before its entry was taken. */
  definition(position: number): ClusterDefinition | undefined
  /** The newest of those with the same parts: what a transaction that was sent under one is decided by. */
  judgedBy(definition: ClusterDefinition): ClusterDefinition
  apply(position: number, entry: Entry): void
  /**
   * Resolves once that can decide here which an entry would put in force, or which the entries so far have put in force;
   * undefined where it can already.
   */
  makeReady(entry?: Entry): Promise<void> | undefined
}
