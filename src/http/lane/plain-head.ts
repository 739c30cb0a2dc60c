/** What a plain request's head says, beside what nobody reads. */
export interface PlainHead {
  /** The path and nothing behind it: no query. */
  readonly path: string
  readonly bodyBytes: number
  readonly authorization: string | undefined
}

/** Beyond this a head is not usual. */
export const longestPlainBytes = 2048
export const headEnd = '\r\n\r\n'

const requestLine = /^POST (\/[a-z0-9/]*) HTTP\/1\.1$/
/** Printable ASCII alone: no control character, no second line, nothing that another reader may take for one. */
const header = /^([A-Za-z-]+): ?([!-~](?:[ -~]*[!-~])?)$/
const length = /^[1-9][0-9]{0,5}$/
const jsonTypes = new Set(['application/json', 'application/json; charset=utf-8', 'application/json;charset=utf-8'])

/** Headers that change nothing here: what they ask for is what there is, and nobody reads what they tell. */
const unread = new Set([
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
])

/**
 * Reads the head of a request that is as plain as those of programs are: POST of JSON whose length is told, and nothing
 * that asks for more. Undefined for every other one, whether it is valid or not: node's parser decides about those. What
 * is plain here is read by every parser in the one way (RFC 9112).
 *
 * @param head as latin1, without the empty line at its end.
 */
export function readPlainHead(head: string): PlainHead | undefined {
  const [first, ...lines] = head.split('\r\n')
  const path = requestLine.exec(first)?.[1]
  if (path === undefined) return undefined
  const values = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = header.exec(line) ?? []
    const lower = name?.toLowerCase()
    if (lower === undefined || values.has(lower) || !isPlain(lower, value)) return undefined
    values.set(lower, value)
  }
  const bodyBytes = values.get('content-length')
  if (bodyBytes === undefined || !values.has('host') || !values.has('content-type')) return undefined
  return { path, bodyBytes: Number(bodyBytes), authorization: values.get('authorization') }
}

function isPlain(name: string, value: string): boolean {
  switch (name) {
    case 'content-length':
      return length.test(value)
    case 'content-type':
      return jsonTypes.has(value)
    case 'connection':
      return value.toLowerCase() === 'keep-alive'
    case 'host':
    case 'authorization':
      return true
    default:
      return unread.has(name)
  }
}
