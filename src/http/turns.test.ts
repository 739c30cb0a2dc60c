import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from './turns.ts'

test('of all that wait one goes on between two turns of the loop, in their order', async () => {
  const turns = new Turns()
  let loops = 0
  let isDone = false
  const count = () => {
    loops += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const went: (readonly [string, number])[] = []
  const work = async (name: string) => {
    for (let slice = 0; slice < 3; slice += 1) {
      await turns.next()
      went.push([name, loops])
    }
  }
  await Promise.all([work('a'), work('b'), work('c')])
  isDone = true
  assert.deepEqual(
    went.map(([name]) => name),
    ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c'],
  )
  assert.equal(new Set(went.map(([, loop]) => loop)).size, went.length)
})

test('work that has not waited for its turn has to', async () => {
  const turns = new Turns()
  assert(turns.isOver())
  await turns.next()
  const startMs = performance.now()
  while (!turns.isOver()) assert(performance.now() - startMs < 10_000)
})
