/** What the service refused, as it said it (RFC 9457). */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors: readonly FieldError[]
}

export interface FieldError {
  readonly field: string
  readonly reason: string
  readonly at?: { readonly start: number; readonly end: number; readonly line: number; readonly column: number }
}

export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

/** Anything thrown, as a problem: the service's own, or that it could not be reached. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  const isNetwork = error instanceof TypeError
  return {
    status: 0,
    code: isNetwork ? 'UNREACHABLE' : 'CONSOLE_FAULT',
    title: isNetwork ? 'The service does not answer' : 'The console has a fault',
    detail: isNetwork
      ? 'The service could not be reached. What you see is what was last known; the console keeps trying.'
      : error instanceof Error
        ? error.message
        : String(error),
    errors: [],
  }
}

/** The body of a refusal, whatever a proxy in between has made of it. */
export function readProblem(status: number, body: unknown): Problem {
  const given = typeof body === 'object' && body !== null ? body : {}
  const text = (name: string, otherwise: string) => {
    const value: unknown = Reflect.get(given, name)
    return typeof value === 'string' ? value : otherwise
  }
  const errors: unknown = Reflect.get(given, 'errors')
  return {
    status,
    code: text('code', `HTTP_${status}`),
    title: text('title', `The service answered ${status}`),
    detail: text('detail', 'No reason was given.'),
    errors: Array.isArray(errors) ? errors : [],
  }
}
