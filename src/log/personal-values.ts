/** What a key says of a person. */
export interface PersonalValue {
  readonly key: string
  readonly value: string
}

/** A personal value and the token that stands for it. */
export interface Person extends PersonalValue {
  readonly token: string
}

/** Stands random tokens for personal values, so that the log never holds them. */
export interface PersonalValues {
  /** The token that a value has, where that is known without waiting; undefined says nothing. */
  known(key: string, value: string): string | undefined
  /**
   * Finds the tokens of values, which `known` then tells, in one round trip for all. Values that have none get new ones:
   * these are returned, and exist from when a record is appended with them. Two calls at once for one value would make
   * two tokens: callers take turns.
   */
  lookUp(values: readonly PersonalValue[]): Promise<readonly Person[]>
  /** Grows whenever a token that `known` told may no longer stand for its value. */
  readonly forgettings: number
  /** The token that a value has; undefined where it has none. */
  tokenOf(key: string, value: string): string | undefined
  /** What a token stands for; undefined where it was erased. */
  valueOf(token: string): string | undefined
}
