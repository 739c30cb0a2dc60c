import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { LineSplitter } from './line-splitter.ts'

function split(text: Buffer, cuts: readonly number[], limitBytes: number): readonly (string | undefined)[] {
  const splitter = new LineSplitter(limitBytes)
  const lines: (string | undefined)[] = []
  let start = 0
  for (const end of [...cuts, text.length]) {
    for (const line of splitter.take(text.subarray(start, end))) lines.push(line?.toString())
    start = end
  }
  for (const line of splitter.finish()) lines.push(line?.toString())
  return lines
}

describe('LineSplitter', () => {
  test('gives the same lines however the bytes are cut, and none over the limit', () => {
    const text = fc.array(fc.constantFrom('\n', 'a', 'bc', 'é'), { maxLength: 60 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat(80), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (lines, cuts, limit) => {
          const bytes = Buffer.from(lines)
          const inOrder = cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b)
          const expected = lines.split('\n').map((line) => (Buffer.byteLength(line) > limit ? undefined : line))
          if (expected.at(-1) === '') expected.pop()
          assert.deepEqual(split(bytes, inOrder, limit), expected)
        },
      ),
    )
  })
})
