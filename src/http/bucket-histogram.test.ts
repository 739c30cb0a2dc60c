import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { BucketHistogram } from './bucket-histogram.ts'

const buckets = [0.001, 0.01, 0.5, 1]
const value = fc.oneof(fc.constantFrom(0, -1, ...buckets), fc.double({ noNaN: true, noDefaultInfinity: true }))

/** What a scrape tells, as text and as the figures that workers send; no observation is an example here. */
async function told(registry: Registry) {
  const figures = JSON.stringify(await registry.getMetricsAsJSON(), (key, value) =>
    key === 'exemplar' ? undefined : value,
  )
  return { text: await registry.metrics(), figures: JSON.parse(figures) }
}

test('a histogram is told as prom-client tells its own, with a label and without', async () => {
  const options = { name: 'a_seconds', help: 'Of "a".', buckets }
  const observed = fc.array(fc.tuple(fc.constantFrom('/a', '/"b"', '/c'), value))
  await fc.assert(
    fc.asyncProperty(observed, fc.boolean(), async (all, hasLabel) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const label = hasLabel ? { label: 'route' } : {}
      const own = new BucketHistogram(ours, { ...options, ...label })
      const labelNames = hasLabel ? ['route'] : []
      const theirOwn = new Histogram({ ...options, labelNames, registers: [theirs] })
      const whole = hasLabel ? undefined : own.whole()
      // Made in another order than that of their first observations.
      const byRoute = new Map(['/c', '/a', '/"b"'].map((route) => [route, hasLabel ? own.of(route) : undefined]))
      for (const [route, each] of all) {
        ;(whole ?? byRoute.get(route))?.(each)
        if (hasLabel) theirOwn.labels(route).observe(each)
        else theirOwn.observe(each)
      }
      assert.deepEqual(await told(ours), await told(theirs))
    }),
  )
})

test('a histogram takes nothing that is no number', () => {
  const whole = new BucketHistogram(new Registry(), { name: 'a', help: 'Of a.', buckets }).whole()
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => whole(wrong))
})
