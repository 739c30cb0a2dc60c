import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secretOf, signedHeaders } from './sign.ts'

// The message that the reference libraries of Standard Webhooks are tested with.
test('signs as Standard Webhooks does', () => {
  const secret = secretOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  assert(secret !== undefined)
  const headers = signedHeaders([secret], 'msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', 1_614_265_330_999)
  assert.equal(headers['webhook-id'], 'msg_p5jXN8AQM9LWM0D4loKWxJek')
  assert.equal(headers['webhook-timestamp'], '1614265330')
  assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  const both = signedHeaders([secret, Buffer.alloc(24)], 'a', '{}', 0)['webhook-signature'].split(' ')
  assert.equal(both.length, 2)
})

test('takes no secret that is too short to be one', () => {
  for (const text of ['', 'whsec_', 'whsec_c2hvcnQ=', 'not base64!', `whsec_${'A'.repeat(200)}`])
    assert.equal(secretOf(text), undefined)
})
