/** What the steps of one decision are told to. */
export interface DecisionTrace {
  /** What had to be looked up is known: histories, features, score and policy follow. */
  step(): void
  /** It is decided, and on its way to the disk. */
  commit(): void
  /** It is durable, or refused. */
  end(error: unknown): void
}

/** Where traces are kept of decisions (port). */
export interface DecisionTracing {
  /** Of the request in whose turn it is called; undefined where nobody wants to know of it. */
  begin(): DecisionTrace | undefined
}
