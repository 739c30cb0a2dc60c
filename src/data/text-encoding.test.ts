import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Encoding, toUtf8 } from './text-encoding.ts'

const text = 'id;Händler\n1;Bäckerei Groß €\n'

async function read(bytes: Uint8Array, said?: Encoding, pieceBytes = 7) {
  async function* pieces() {
    for (let start = 0; start < bytes.length; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes)
  }
  const { chunks, encoding } = toUtf8(pieces(), said, 'shops.csv')
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk))
  return {
    text: Buffer.concat(parts)
      .toString('utf8')
      .replace(/^\ufeff/, ''),
    encoding: encoding(),
  }
}

function utf16(isBig: boolean, mark: string): Buffer {
  const bytes = Buffer.from(mark + text, 'utf16le')
  return isBig ? bytes.swap16() : bytes
}

test('takes UTF-16 with and without a byte order mark, in pieces of any size', async () => {
  for (const mark of ['\ufeff', '']) {
    for (const pieceBytes of [9, 64, 1000]) {
      assert.deepEqual(await read(utf16(false, mark), undefined, pieceBytes), { text, encoding: 'utf-16le' })
      assert.deepEqual(await read(utf16(true, mark), undefined, pieceBytes), { text, encoding: 'utf-16be' })
    }
  }
})

test('takes UTF-8 as it is, and Windows-1252 for what is not', async () => {
  assert.deepEqual(await read(Buffer.from(text), undefined, 1000), { text, encoding: 'utf-8' })
  // A piece that ends inside a character is still UTF-8.
  assert.deepEqual(await read(Buffer.from(text), undefined, 5), { text, encoding: 'utf-8' })
  const latin = Buffer.from([...text].map((char) => (char === '€' ? 0x80 : char.charCodeAt(0))))
  assert.deepEqual(await read(latin, undefined, 1000), { text, encoding: 'windows-1252' })
  assert.deepEqual(await read(latin, 'windows-1252', 3), { text, encoding: 'windows-1252' })
})

test('refuses UTF-16 that is cut within a character, or has half of a pair', async () => {
  for (const isBig of [false, true]) {
    const whole = utf16(isBig, '\ufeff')
    await assert.rejects(read(whole.subarray(0, -3)), {
      code: 'FILE_UNREADABLE',
      message: "shops.csv can't be read: it ends within a character, so it is cut short",
    })
    const half = Buffer.from(whole)
    half[isBig ? 20 : 21] = 0xd8
    await assert.rejects(read(half), {
      code: 'FILE_UNREADABLE',
      message: `shops.csv can't be read: it is not utf-16${isBig ? 'be' : 'le'}`,
    })
  }
})
