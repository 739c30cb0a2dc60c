import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonItems } from './json-items.ts'

function cut(text: string, pieceBytes = 2 ** 20, longest = 2 ** 20) {
  const found: { readonly text: string; readonly line: number }[] = []
  const items = new JsonItems((bytes, line) => found.push({ text: new TextDecoder().decode(bytes), line }), longest)
  const bytes = new TextEncoder().encode(text)
  const buffer = new Uint8Array(pieceBytes)
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    // The same memory each time, as a reader of files has it.
    const piece = bytes.subarray(start, start + pieceBytes)
    buffer.set(piece)
    const broken = items.write(buffer.subarray(0, piece.length))
    if (broken !== undefined) return { found, broken }
  }
  return { found, broken: items.end() }
}

test('cuts an array into what JSON.parse finds in it, however it is written and comes in pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 8 }),
      fc.constantFrom(undefined, 1, '\t'),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('', '\ufeff', ' \r\n'),
      (values, indent, pieceBytes, before) => {
        const { found, broken } = cut(`${before}${JSON.stringify(values, null, indent)}\n `, pieceBytes)
        assert.equal(broken, undefined)
        assert.deepEqual(
          found.map(({ text }) => JSON.parse(text)),
          JSON.parse(JSON.stringify(values)),
        )
      },
    ),
  )
})

test('cuts objects that follow one another, and knows the lines that they begin on', () => {
  const text = '{"a":"}\\\\\\"{"}\n\n{"a":\n[1,\n2]}  {"b":{}}\n'
  for (const pieceBytes of [1, 3, 100]) {
    const { found, broken } = cut(text, pieceBytes)
    assert.equal(broken, undefined)
    assert.deepEqual(found, [
      { text: '{"a":"}\\\\\\"{"}', line: 1 },
      { text: '{"a":\n[1,\n2]}', line: 3 },
      { text: '{"b":{}}', line: 5 },
    ])
  }
})

test('says where a file is not an array of objects', () => {
  for (const [text, line, reason] of [
    ['', 1, /empty/],
    ['\n\nid,amount\n', 3, /neither \[ nor \{/],
    ['[{"a":1}\n{"a":2}]', 2, /a comma is missing/],
    ['[{"a":1},\n]', 2, /an item of the array is missing/],
    ['[,{"a":1}]', 1, /an item of the array is missing/],
    ['[{"a":1}]\n[{"a":2}]', 2, /something comes after the end/],
    ['[{"a":1},\n{"a":2}\n', 3, /ends before its array does, whose last item begins on line 2/],
    ['[{"a":1},\n{"a":2', 2, /cut short/],
    ['[{"a":"1},\n{"a":2}]', 1, /cut short/],
    ['{"rows":[{"a":1}]}', 1, /one object, and not an array of objects/],
    ['{"a":1},{"a":2}', 1, /nothing between them/],
    ['{"a":1}\n2', 2, /not another one/],
  ] as const) {
    for (const pieceBytes of [1, 100]) {
      const { broken } = cut(text, pieceBytes)
      assert.equal(broken?.line, line, text)
      assert.match(broken.reason, reason)
    }
  }
  assert.match(cut(`{"rows":["${'x'.repeat(100)}"]}`, 10, 50).broken?.reason ?? '', /have to be items of an array/)
  assert.match(cut(`[{"rows":["${'x'.repeat(100)}"]}]`, 10, 50).broken?.reason ?? '', /never closed\?/)
})
