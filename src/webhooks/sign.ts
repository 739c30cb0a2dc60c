import { createHmac } from 'node:crypto'

/** The bytes of a secret as Standard Webhooks writes it, `whsec_` and base64; undefined where it is not one. */
export function secretOf(text: string): Buffer | undefined {
  const [, base64] = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const bytes = Buffer.from(base64 ?? '', 'base64')
  return bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined
}

/** The headers of Standard Webhooks: who receives them knows by them that it is from here, now, and not a repeat. */
export function signedHeaders(secrets: readonly Buffer[], id: string, body: string, nowMs: number) {
  const timestamp = String(Math.floor(nowMs / 1000))
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`)
    return `v1,${hmac.digest('base64')}`
  })
  return {
    'content-type': 'application/json',
    'user-agent': 'shrike',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}
