/** PostgreSQL's numbers of types. */
const types = { int8: 20, int2: 21, float8: 701, text: 25, bytea: 17 } as const

/**
 * An array in the form that PostgreSQL sends and takes itself: many rows go as one parameter per column, and no byte of a
 * body is written as hexadecimal text on the way.
 */
function binaryArray<Value>(
  type: keyof typeof types,
  values: readonly Value[],
  sizeOf: (value: Value) => number,
  write: (value: Value, to: Buffer, at: number) => void,
): Buffer {
  const bytes = Buffer.allocUnsafe(20 + values.reduce((sum, value) => sum + 4 + Math.max(0, sizeOf(value)), 0))
  for (const [i, number] of [1, 1, types[type], values.length, 1].entries()) bytes.writeInt32BE(number, 4 * i)
  let at = 20
  for (const value of values) {
    const size = sizeOf(value)
    bytes.writeInt32BE(size, at)
    at += 4
    if (size <= 0) continue
    write(value, bytes, at)
    at += size
  }
  return bytes
}

/** PostgreSQL's word for a value that is missing. */
const missing = -1

export function int8s(values: readonly number[]): Buffer {
  return binaryArray(
    'int8',
    values,
    () => 8,
    (value, to, at) => to.writeBigInt64BE(BigInt(value), at),
  )
}

export function int2s(values: readonly number[]): Buffer {
  return binaryArray(
    'int2',
    values,
    () => 2,
    (value, to, at) => to.writeInt16BE(value, at),
  )
}

export function float8s(values: readonly (number | null)[]): Buffer {
  return binaryArray(
    'float8',
    values,
    (value) => (value === null ? missing : 8),
    (value, to, at) => to.writeDoubleBE(value ?? 0, at),
  )
}

export function texts(values: readonly string[]): Buffer {
  return binaryArray(
    'text',
    values,
    (value) => Buffer.byteLength(value),
    (value, to, at) => to.write(value, at),
  )
}

export function byteas(values: readonly (Uint8Array | null)[]): Buffer {
  return binaryArray(
    'bytea',
    values,
    (value) => value?.length ?? missing,
    (value, to, at) => to.set(value ?? [], at),
  )
}
