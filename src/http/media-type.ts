import type { IncomingHttpHeaders } from 'node:http'
import { FraudError } from '../core/errors.ts'

/** MEDIA_TYPE_UNSUPPORTED for a JSON body that is compressed or not in UTF-8, the one encoding of JSON (RFC 8259). */
export function refuseUnreadable(headers: IncomingHttpHeaders): FraudError | undefined {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return new FraudError('MEDIA_TYPE_UNSUPPORTED', 'The body is compressed: send it without Content-Encoding')
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    return new FraudError('MEDIA_TYPE_UNSUPPORTED', 'The body must be in UTF-8')
  }
  return undefined
}
