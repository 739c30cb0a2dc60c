import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traceCollections } from '../../test/trace-collections.ts'

const place = JSON.stringify(new URL('./garbage-collection.ts', import.meta.url).href)

test('on one core the thread that answers waits for no other that looks through young objects', () => {
  const collections = traceCollections(`
    import { keepCollectionsShort } from ${place}
    keepCollectionsShort(1)
    let kept = []
    for (let i = 0; i < 3_000_000; i++) {
      kept.push({ i, others: [i] })
      if (kept.length > 300_000) kept = kept.slice(150_000)
    }
  `)
  const help = collections.filter(({ isFull }) => !isFull).map((each) => each.of('background.scavenge.parallel'))
  assert.ok(help.length > 3 && help.every((ms) => ms === 0), String(help))
})

test('what is made where a start made what lives long is young, and needs no full collection', () => {
  const collections = traceCollections(`
    import { keepCollectionsShort } from ${place}
    keepCollectionsShort(2)
    const make = (i) => ({ i, parts: [{ of: i, others: [i, i, i] }] })
    const fromStart = []
    for (let i = 0; i < 300_000; i++) fromStart.push(make(i))
    gc()
    console.log('\\nstart')
    const last = []
    for (let i = 0; i < 3_000_000; i++) last[i % 8] = make(i)
  `)
  assert.ok(collections.length > 3, `${collections.length} collections`)
  assert.equal(collections.filter(({ isFull }) => isFull).length, 0)
})
