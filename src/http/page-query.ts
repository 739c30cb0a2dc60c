import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'

const mostPerPage = 500
const usualPerPage = 50
/** Numbers of records have at most 15 digits. */
const mostOfCursor = 999_999_999_999_999

/** Which part of many is asked for. */
export interface PageQuery {
  readonly limit: number
  /** The number that the page before answered. */
  readonly cursor: number | undefined
}

/** The parameters of a route whose answers come in pages. */
export const pageNames = ['limit', 'cursor'] as const

export const pageQueryParameters = [
  { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: mostPerPage, default: usualPerPage } },
  {
    name: 'cursor',
    in: 'query',
    description: 'Where the page before ended.',
    schema: { type: 'integer', minimum: 0, maximum: mostOfCursor },
  },
]

/** @throws FraudError INPUT_INVALID */
export function readPage(query: unknown): PageQuery {
  const given = isRecord(query) ? query : {}
  const limit = String(given.limit ?? usualPerPage)
  const cursor = given.cursor === undefined ? undefined : String(given.cursor)
  const errors: FieldError[] = []
  const isLimit = /^\d{1,3}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= mostPerPage
  if (!isLimit) errors.push({ field: 'limit', reason: `is a whole number from 1 to ${mostPerPage}` })
  const isCursor = cursor === undefined || /^\d{1,15}$/.test(cursor)
  if (!isCursor) errors.push({ field: 'cursor', reason: 'is not a value that this service returned' })
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
  return { limit: Number(limit), cursor: cursor === undefined ? undefined : Number(cursor) }
}
