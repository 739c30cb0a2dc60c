/** PostgreSQL's numbers of types. */
const types = { int8: 20, int2: 21, float8: 701, text: 25, bytea: 17 }

type Value = number | string | Buffer | null

/** The values of an array in PostgreSQL's own form, as its documentation of the protocol has it. */
export function readArray(array: unknown): readonly Value[] {
  if (!(array instanceof Uint8Array)) throw new TypeError('an array is expected')
  const bytes = Buffer.from(array)
  const [dimensions, , type, length] = [0, 4, 8, 12].map((at) => bytes.readInt32BE(at))
  if (dimensions !== 1) throw new TypeError(`an array of ${dimensions} dimensions`)
  const values: Value[] = []
  for (let at = 20; values.length < length; ) {
    const size = bytes.readInt32BE(at)
    at += 4
    values.push(size < 0 ? null : readValue(type, bytes.subarray(at, at + size)))
    at += Math.max(0, size)
  }
  return values
}

function readValue(type: number, bytes: Buffer): Value {
  switch (type) {
    case types.int8:
      return Number(bytes.readBigInt64BE())
    case types.int2:
      return bytes.readInt16BE()
    case types.float8:
      return bytes.readDoubleBE()
    case types.text:
      return bytes.toString()
    case types.bytea:
      return Buffer.from(bytes)
    default:
      throw new TypeError(`a value of the type ${type}`)
  }
}
