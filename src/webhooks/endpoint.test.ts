import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { readEndpoints } from './endpoint.ts'
import { isPrivateAddress, lookUpPublic } from './private-address.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

suite('the file that names webhooks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-endpoints-'))
  const path = join(folder, 'webhooks.yaml')
  after(() => rmSync(folder, { recursive: true }))
  const read = (more: string, variables: Readonly<Record<string, string>> = { HOOK: secret }) => {
    writeFileSync(path, `endpoints:\n  - name: bank\n    secretVariable: HOOK\n${more}`)
    return readEndpoints(path, variables)
  }
  const rest = '    url: https://hooks.example.com/x?token=hidden\n    events: [decision.decline, case]\n'

  test('is read with its secrets from variables', () => {
    const [bank] = read(rest, { HOOK: `${secret} ${secret}` })
    assert.equal(bank.secrets.length, 2)
    assert.equal(bank.giveUpAfterMs, 86_400_000)
    assert.deepEqual([...bank.events], ['decision.decline', 'case'])
  })

  const refused: Readonly<Record<string, readonly [text: string, reason: RegExp]>> = {
    'a secret that is not there': [rest, /webhooks.yaml:2: the webhook "bank" has no secret: set HOOK/],
    'plain HTTP to anybody': [rest.replace('https', 'http'), /does not begin with https/],
    'a private address': [rest.replace('hooks.example.com', '169.254.169.254'), /private address/],
    'a private address of IPv6': [rest.replace('hooks.example.com', '[::ffff:10.0.0.1]'), /private address/],
    'an address written as a number': [rest.replace('hooks.example.com', '2130706433'), /private address/],
    'a password in the address': [rest.replace('hooks', 'me:secret@hooks'), /a name or a password/],
    'an event that there is not': [rest.replace('case', 'decisions'), /webhooks.yaml:5: endpoints.0.events.1/],
    'a misspelt field': [`${rest}    retries: 3\n`, /retries/],
  }
  for (const [what, [text, reason]] of Object.entries(refused)) {
    test(`is refused with ${what}, without its address`, () => {
      const variables: Record<string, string> = what.startsWith('a secret') ? {} : { HOOK: secret }
      assert.throws(
        () => read(text, variables),
        (error: Error) => reason.test(error.message) && !error.message.includes('hidden'),
      )
    })
  }
})

test('tells addresses of this machine and its networks from others', () => {
  const [inside, outside] = [
    [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
      '::1',
      '::',
    ].concat(['fd00::1', 'fe80::1', '::ffff:127.0.0.1', '64:ff9b::a00:1', '2002:7f00:1::', 'localhost']),
    ['93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:2800:220:1::1', '::ffff:93.184.216.34'],
  ]
  assert.deepEqual(
    inside.filter((address) => !isPrivateAddress(address)),
    [],
  )
  assert.deepEqual(outside.filter(isPrivateAddress), [])
})

test('refuses a name that leads to a private address', async () => {
  const error = await new Promise((resolve) => lookUpPublic('localhost', { all: true }, resolve))
  assert.match(String(error), /private address/)
})
