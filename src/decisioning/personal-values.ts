/** Stands random tokens for personal values, so that the log never holds them. */
export interface PersonalValues {
  /** The token of a value: the one that it has, else a new one, which becomes durable before any record that holds it. */
  token(key: string, value: string): string
  /** The token that a value has; undefined where it has none. */
  tokenOf(key: string, value: string): string | undefined
  /** What a token stands for; undefined where it was erased. */
  valueOf(token: string): string | undefined
}
