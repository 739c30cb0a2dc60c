import type { Problem } from './api.ts'

interface Told extends Pick<Problem, 'status' | 'detail' | 'errors'> {
  readonly code: string
}

/** Why there is no answer: a refusal of the service, with its code, or NO_ANSWER where none came in time. */
export class ShrikeError extends Error {
  readonly code: string
  /** Of HTTP; 0 where no answer came. */
  readonly status: number
  readonly errors: Problem['errors']

  constructor({ code, status, detail, errors }: Told) {
    const fields = errors.map(({ field, reason }) => `${field} ${reason}`).join('; ')
    super(fields === '' ? `${code}: ${detail}` : `${code}: ${detail}: ${fields}`)
    this.name = 'ShrikeError'
    this.code = code
    this.status = status
    this.errors = errors
  }
}

/** What an answer that is not a success says; a proxy's says nothing. */
export async function readProblem(response: Response): Promise<ShrikeError> {
  const { status, statusText } = response
  const body = (await response.json().catch(() => undefined)) as Partial<Told> | undefined
  const { code = `HTTP_${status}`, detail = statusText, errors = [] } = body ?? {}
  return new ShrikeError({ code, status, detail, errors })
}

export function noAnswer(budgetMs: number): ShrikeError {
  return new ShrikeError({ code: 'NO_ANSWER', status: 0, detail: `no answer within ${budgetMs} ms`, errors: [] })
}

/** The data of an answer of `api`. @throws ShrikeError where it was refused. */
export async function dataOf<Data>(
  answer: Promise<{ readonly data?: Data; readonly error?: unknown; readonly response: Response }>,
): Promise<Data> {
  const { data, error, response } = await answer
  if (response.ok) return data as Data
  const given = (error ?? {}) as Partial<Told>
  const { code = `HTTP_${response.status}`, detail = response.statusText, errors = [] } = given
  throw new ShrikeError({ code, status: response.status, detail, errors })
}
