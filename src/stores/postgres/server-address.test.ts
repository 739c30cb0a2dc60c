import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOf, serversOf } from './server-address.ts'

test('an address may name several servers, each of which has one of its own', () => {
  assert.deepEqual(serversOf('postgres://ann:pw@a,b:5433/log?target_session_attrs=read-write&sslmode=require'), [
    'postgres://ann:pw@a/log?sslmode=require',
    'postgres://ann:pw@b:5433/log?sslmode=require',
  ])
  assert.deepEqual(serversOf('postgresql://a:1,b:2,c:3/log'), [
    'postgresql://a:1/log',
    'postgresql://b:2/log',
    'postgresql://c:3/log',
  ])
})

test('an address of one server is taken as it is', () => {
  for (const url of ['postgres://db.internal/log', 'postgres://ann:p%2Cw@db:5433/log?sslmode=verify-full'])
    assert.deepEqual(serversOf(url), [url])
})

test('a server that is to take no writes is refused', () => {
  for (const wanted of ['standby', 'read-only', 'prefer-standby'])
    assert.throws(() => serversOf(`postgres://a,b/log?target_session_attrs=${wanted}`), /asks for a server that is/)
})

test('what is told of an address never holds its password', () => {
  assert.equal(placeOf('postgres://ann:s3cret@a,b:5433/log?password=s3cret'), 'postgres://ann@a,b:5433/log')
  assert.equal(placeOf('postgres://ann:s3@cret@a/log'), 'postgres://ann@a/log')
  assert.equal(placeOf('postgresql://db.internal/log'), 'postgres://db.internal/log')
  assert.equal(placeOf('s3cret'), 'postgres://...')
})
