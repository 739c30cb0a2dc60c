import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { FraudError } from '../core/errors.ts'
import type { Answered, Batch, CommitTarget } from './commit-target.ts'
import { splitFrames } from './frames.ts'
import { GroupCommit } from './group-commit.ts'

/** Keeps numbers in memory, each order taking as long as it is told, and fails where it is told. */
class MemoryTarget implements CommitTarget {
  readonly durable: number[] = []
  readonly orders: string[] = []
  readonly forgotten: string[] = []
  prunedThrough = 0
  isTraced = false
  /** How many further truncations a reader is in the way of. */
  holding = 0
  isFailing = false
  readonly #delaysMs: readonly number[]
  #order = 0
  #isBusy = false

  constructor(delaysMs: readonly number[] = [0]) {
    this.#delaysMs = delaysMs
  }

  append({ frames, forgotten }: Batch, answered: Answered): void {
    const sequences = [...splitFrames(frames)].map(({ record }) => record.sequence)
    this.#carryOut('append', answered, () => {
      this.durable.push(...sequences)
      this.forgotten.push(...forgotten.map(({ token }) => token))
      if (forgotten.length > 0) this.isTraced = true
    })
  }

  recover(answered: Answered): void {
    this.#carryOut('recover', answered)
  }

  prune(through: number, answered: Answered): void {
    this.#carryOut('prune', answered, () => {
      this.prunedThrough = through
    })
  }

  truncate(answered: Answered): void {
    const isUnfinished = this.holding-- > 0
    this.#carryOut('truncate', answered, () => {
      if (!isUnfinished) this.isTraced = false
      return isUnfinished
    })
  }

  look(answered: Answered): void {
    this.#carryOut('look', answered)
  }

  close(answered: Answered): void {
    this.#carryOut('close', answered)
  }

  poll(): void {}

  #carryOut(order: string, answered: Answered, done: () => unknown = () => false): void {
    assert.equal(this.#isBusy, false, 'two orders at once')
    this.#isBusy = true
    this.orders.push(order)
    setTimeout(
      () => {
        this.#isBusy = false
        if (this.isFailing) return answered({ answer: 'failed', reason: 'the disk is full' })
        const isUnfinished = done() === true
        answered({ answer: 'done', lastSequence: this.durable.at(-1) ?? 0, commitMs: 1, isUnfinished })
      },
      this.#delaysMs[this.#order++ % this.#delaysMs.length],
    )
  }
}

const noPersons = { takeNew: () => [], dropNew: () => {} }
const label = {
  kind: 'label',
  id: 'a',
  isFraud: true,
  knownAtMs: 1,
  source: undefined,
  receivedAtMs: 1,
  of: 0,
} as const
const erasure = { kind: 'erasure', key: 'card', token: 't', erasedAtMs: 1 } as const

function open(target: CommitTarget) {
  const commit = new GroupCommit(target, { lastSequence: 0, persons: noPersons })
  const append = () =>
    new Promise<number>((resolve, reject) => {
      const sequence = commit.append(label, (error) => (error ? reject(error) : resolve(sequence)))
    })
  const erase = () =>
    new Promise<void>((resolve, reject) => {
      commit.erase(erasure, (error) => (error ? reject(error) : resolve()))
    })
  return { commit, append, erase }
}

describe('group commit', () => {
  test('settles records in the order of their numbers, once they are durable, whatever takes how long', async () => {
    const steps = fc.array(fc.record({ records: fc.nat(70), waitMs: fc.constantFrom(0, 0, 1, 3) }), { maxLength: 8 })
    const delays = fc.array(fc.nat(4), { minLength: 1, maxLength: 5 })
    const property = fc.asyncProperty(steps, delays, async (given, delaysMs) => {
      const target = new MemoryTarget(delaysMs)
      const { commit } = open(target)
      const settled: number[] = []
      let appended = 0
      for (const { records, waitMs } of given) {
        for (let i = 0; i < records; i++) {
          appended++
          const sequence = commit.append(label, (error) => {
            assert.equal(error, undefined)
            assert.ok(target.durable.includes(sequence), 'settled before it was durable')
            settled.push(sequence)
          })
        }
        if (waitMs > 0) await sleep(waitMs)
      }
      await commit.finish()
      const all = Array.from({ length: appended }, (_, i) => i + 1)
      assert.deepEqual(settled, all)
      assert.deepEqual(target.durable, all)
      assert.equal(commit.pending, 0)
    })
    await fc.assert(property, { numRuns: 40 })
  })

  test('answers all of a batch, though the answer to one throws', async (t) => {
    const thrown: unknown[] = []
    process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error))
    t.after(() => process.setUncaughtExceptionCaptureCallback(null))
    const target = new MemoryTarget([2])
    const { commit, append } = open(target)
    const bug = new Error('a bug')
    const fail = () => {
      throw bug
    }
    commit.append(label, fail)
    assert.equal(await append(), 2)
    target.isFailing = true
    commit.append(label, fail)
    await assert.rejects(append(), { code: 'LOG_UNAVAILABLE' })
    await sleep(5)
    assert.deepEqual(thrown, [bug, bug])
  })

  test('makes one commit of all that comes while another is under way', async () => {
    const target = new MemoryTarget([5])
    const { append } = open(target)
    const first = Array.from({ length: 3 }, append)
    await sleep(2)
    const rest = Array.from({ length: 100 }, append)
    await Promise.all([...first, ...rest])
    assert.deepEqual(target.orders, ['append', 'append'])
  })

  test('fails all that is on the way with a failed commit, takes nothing more, and goes on after recovery', async () => {
    const target = new MemoryTarget([2])
    const { commit, append } = open(target)
    assert.equal(await append(), 1)
    let failures = 0
    commit.onFailure(() => failures++)
    target.isFailing = true
    const lost = [append(), append()]
    await sleep(1)
    lost.push(append())
    for (const each of await Promise.allSettled(lost)) {
      assert.equal(each.status === 'rejected' && each.reason.code, 'LOG_UNAVAILABLE')
    }
    assert.equal(failures, 1)
    assert.throws(() => commit.append(label, () => {}), { code: 'LOG_UNAVAILABLE' })
    assert.equal(await commit.recover(() => {}), false)
    target.isFailing = false
    const refuse = () => {
      throw new Error('another log')
    }
    assert.equal(await commit.recover(refuse), false)
    assert.match(String(commit.failure?.cause), /another log/)
    assert.equal(await commit.recover(() => {}), true)
    assert.deepEqual([await append(), await append()], [2, 3])
    assert.deepEqual(target.durable, [1, 2, 3])
  })

  test('settles an erasure when no trace is left, a reader in the way or not', async () => {
    for (const holding of [0, 2]) {
      const target = new MemoryTarget([1])
      target.holding = holding
      const { append, erase } = open(target)
      const erased = erase().then(() => assert.equal(target.isTraced, false))
      await append()
      assert.equal(target.isTraced, true)
      await erased
      assert.equal(target.orders.filter((order) => order === 'truncate').length, holding + 1)
    }
  })

  test('forgets nobody whose erasure it did not take, and each in the batch of its record', async () => {
    const target = new MemoryTarget([1])
    const { commit, append, erase } = open(target)
    target.isFailing = true
    await assert.rejects(append())
    await assert.rejects(erase())
    target.isFailing = false
    assert.equal(await commit.recover(() => {}), true)
    await append()
    assert.deepEqual([target.durable, target.forgotten], [[1], []])
    // The erasure is the one that makes the batch full, so that it is sent at once.
    const others = Array.from({ length: 31 }, append)
    const erased = erase()
    assert.equal(target.orders.at(-1), 'append')
    await Promise.all([...others, erased])
    assert.deepEqual([target.durable.length, target.forgotten], [33, ['t']])
  })

  test('gives erasures and deletions their turn, however many records wait', async () => {
    const target = new MemoryTarget([1])
    const { commit, append, erase } = open(target)
    let isErased = false
    void erase().then(() => {
      isErased = true
    })
    for (let i = 0; i < 40 && !isErased; i++) await Promise.all(Array.from({ length: 40 }, append))
    assert.ok(isErased)
    commit.prune(7)
    for (let i = 0; i < 40 && target.prunedThrough === 0; i++) await Promise.all(Array.from({ length: 40 }, append))
    assert.equal(target.prunedThrough, 7)
  })

  test('deletes through a number that is asked for while an earlier one is deleted', async () => {
    const target = new MemoryTarget([4])
    const { commit } = open(target)
    commit.prune(3)
    await sleep(2)
    commit.prune(9)
    await commit.finish()
    for (let i = 0; i < 200 && target.prunedThrough !== 9; i++) await sleep(2)
    assert.equal(target.prunedThrough, 9)
  })

  test('waits for the order under way before it gives the log up', async () => {
    const target = new MemoryTarget([5])
    const { commit, append } = open(target)
    const written = append()
    await sleep(2)
    commit.lose('another process has the directory')
    assert.equal(commit.failure, undefined)
    await assert.rejects(written, (error: FraudError) => /another process/.test(String(error.cause)))
    assert.throws(() => commit.append(label, () => {}), { code: 'LOG_UNAVAILABLE' })
  })

  for (const isUnderway of [false, true]) {
    test(`keeps no record that could not be taken, nor what came after${isUnderway ? ', an order under way' : ''}`, async () => {
      const target = new MemoryTarget([5])
      const { commit, append } = open(target)
      let failures = 0
      commit.onFailure(() => failures++)
      const before = append()
      if (isUnderway) await sleep(2)
      const taken: number[] = []
      commit.follow((_, sequence) => {
        if (sequence === 2) throw new RangeError('half of it is taken')
        taken.push(sequence)
      })
      // As its sender hears of it; others hear that nothing can be written.
      assert.throws(() => commit.append(label, () => assert.fail('settled twice')), /half of it is taken/)
      assert.throws(() => commit.append(label, () => {}), { code: 'LOG_UNAVAILABLE' })
      await assert.rejects(before, (error: FraudError) => /half of it is taken/.test(String(error.cause)))
      assert.equal(failures, 1)
      assert.deepEqual(target.durable, isUnderway ? [1] : [])
      assert.equal(await commit.recover(() => {}), true)
      assert.equal(await append(), isUnderway ? 2 : 1)
      assert.deepEqual(taken, [], 'who failed is followed no more')
    })
  }
})
