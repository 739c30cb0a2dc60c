/** A personal value and the token that stands for it. */
export interface Person {
  readonly key: string
  readonly value: string
  readonly token: string
}

/** Stands random tokens for personal values, so that the log never holds them. */
export interface PersonalValues {
  /** The token of a value: the one that it has, else one that is proposed, and durable with the next transaction's record. */
  token(key: string, value: string): string
  /** Forgets tokens that were proposed for a transaction that was not taken in. */
  dropProposed(): void
  /** The token that a value has; undefined where it has none. */
  tokenOf(key: string, value: string): string | undefined
  /** What a token stands for; undefined where it was erased. */
  valueOf(token: string): string | undefined
}
