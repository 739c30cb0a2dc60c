import type { IncomingHttpHeaders } from 'node:http'
import { FraudError } from '../core/errors.ts'

const jsonTypes: ReadonlySet<string> = new Set(['application/json'])

/**
 * The media type of a body, in small letters, if it is one of those wanted. Throws MEDIA_TYPE_UNSUPPORTED for any other,
 * and for a body that is compressed or not in UTF-8, the one encoding of JSON (RFC 8259), and of CSV here.
 */
export function mediaTypeOf(headers: IncomingHttpHeaders, wanted: ReadonlySet<string> = jsonTypes): string {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new FraudError('MEDIA_TYPE_UNSUPPORTED', 'The body is compressed: send it without Content-Encoding')
  }
  const header = headers['content-type'] ?? ''
  if (wanted.has(header)) return header
  const [name = '', ...parameters] = header.split(';')
  const type = name.trim().toLowerCase()
  if (!wanted.has(type)) {
    const types = [...wanted].join(' or ')
    throw new FraudError('MEDIA_TYPE_UNSUPPORTED', `Send the body with Content-Type: ${types}`)
  }
  const charset = /^\s*charset\s*=\s*"?([^\s"]*)/i
  const other = parameters.find((parameter) => !/^(utf-?8|us-ascii)$/i.test(charset.exec(parameter)?.[1] ?? 'utf-8'))
  if (other !== undefined) throw new FraudError('MEDIA_TYPE_UNSUPPORTED', 'The body must be in UTF-8')
  return type
}
