import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AccessStore, StoredUser } from './access-store.ts'

const ada: StoredUser = {
  name: 'ada',
  roles: ['viewer', 'admin'],
  isDisabled: false,
  createdMs: 1_790_000_000_123,
  credential: 'c1',
  password: { salt: Uint8Array.of(0, 1, 255), hash: Uint8Array.of(9, 0, 8), n: 16_384, r: 8, p: 1 },
}
const session = { hash: 'h1', name: 'ada', credential: 'c1', roles: null, createdMs: 10, seenMs: 20 }
const proposal = {
  ...({ kind: 'policy', content: { nested: [1, null, 'ü€'] }, by: 'user:ada', person: 'user:ada' } as const),
  ...({ why: 'because', atMs: 5, base: null, hash: 'x', state: 'pending', decided: null } as const),
}

/** What every store of users has to hold. @param open one on a place, as somebody else has it open at the same time, too. */
export function keepsAccess<Place>(where: string, newPlace: () => Place, open: (place: Place) => AccessStore): void {
  describe(`users, sessions and changes ${where}`, () => {
    test('are seen at once by who has the same store open, and after it is opened again', () => {
      const place = newPlace()
      const [store, beside] = [open(place), open(place)]
      assert.deepEqual([store.users.any(), store.users.find('ada'), store.users.list()], [false, undefined, []])
      assert.equal(store.users.add(ada), true)
      assert.equal(beside.users.add({ ...ada, credential: 'other' }), false)
      assert.deepEqual([beside.users.any(), beside.users.list()], [true, [ada]])
      const changed: StoredUser = { ...ada, roles: ['viewer'], isDisabled: true, credential: 'c2' }
      beside.users.put(changed)
      beside.users.put({ ...ada, name: 'Bob' })
      assert.deepEqual(store.users.find('ada'), changed)
      store.close()
      beside.close()
      const again = open(place)
      assert.deepEqual(
        again.users.list().map(({ name }) => name),
        ['Bob', 'ada'],
      )
      again.close()
    })

    test('end as they are told to', () => {
      const store = open(newPlace())
      const { sessions } = store
      sessions.add(session)
      sessions.add({ ...session, hash: 'h2', roles: ['viewer'], credential: null, seenMs: 30 })
      sessions.add({ ...session, hash: 'h3', name: 'bob', createdMs: 11 })
      sessions.touch(
        new Map([
          ['h1', 25],
          ['h2', 5],
          ['none', 9],
        ]),
      )
      sessions.touch(new Map())
      assert.deepEqual(sessions.find('h1'), { ...session, seenMs: 25 })
      assert.deepEqual(sessions.find('h2'), { ...session, hash: 'h2', roles: ['viewer'], credential: null, seenMs: 30 })
      sessions.removeOlder(11, 0)
      assert.deepEqual(
        [sessions.find('h1'), sessions.find('h2'), sessions.find('h3')?.name],
        [undefined, undefined, 'bob'],
      )
      sessions.removeOf('bob')
      assert.equal(sessions.find('h3'), undefined)
      store.close()
    })

    test('are proposed, found by state from the newest on, and decided once', () => {
      const store = open(newPlace())
      const { proposals, settings } = store
      const made = [1, 2, 3].map((atMs) => proposals.add({ ...proposal, atMs }))
      assert.deepEqual(proposals.find(made[1].id), made[1])
      assert.equal(proposals.move(made[0].id, 'pending', 'approving'), true)
      assert.equal(proposals.move(made[0].id, 'pending', 'approving'), false)
      proposals.reopen()
      const decided = { by: 'user:bob', atMs: 9, why: 'no' }
      assert.equal(proposals.move(made[1].id, 'pending', 'rejected', decided), true)
      assert.deepEqual(proposals.find(made[1].id), { ...made[1], state: 'rejected', decided })
      assert.deepEqual([proposals.count('pending'), proposals.count('rejected')], [2, 1])
      const ids = (state: 'pending' | undefined, before: number, limit: number) =>
        proposals.list(state, before, limit).map(({ atMs }) => atMs)
      assert.deepEqual([ids(undefined, made[2].id + 1, 2), ids('pending', made[2].id, 9)], [[3, 2], [1]])
      assert.equal(settings.get('four-eyes'), undefined)
      settings.set('four-eyes', 'on')
      settings.set('four-eyes', 'off')
      assert.equal(settings.get('four-eyes'), 'off')
      store.close()
    })

    test('leave entries in the audit, found by who, what and when', () => {
      const store = open(newPlace())
      const entry = { atMs: 1, who: 'user:ada', what: 'logIn', target: null, from: '10.0.0.1', detail: { times: 2 } }
      for (const atMs of [1, 2, 3]) store.audit.add({ ...entry, atMs, what: atMs === 2 ? 'read' : 'logIn' })
      const times = (query: object) =>
        store.audit.list({ before: Number.MAX_SAFE_INTEGER, limit: 9, ...query }).map(({ atMs }) => atMs)
      assert.deepEqual([times({}), times({ what: 'logIn' }), times({ who: 'user:bob' })], [[3, 2, 1], [3, 1], []])
      assert.deepEqual([times({ fromMs: 2, toMs: 3 }), times({ limit: 1 })], [[2], [3]])
      const [{ id, ...last }] = store.audit.list({ before: Number.MAX_SAFE_INTEGER, limit: 1 })
      assert.deepEqual(last, { ...entry, atMs: 3 })
      store.close()
    })
  })
}
