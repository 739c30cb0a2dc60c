import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

type Value = number | Uint8Array

const utf8 = new TextDecoder()

/** A protobuf message whose fields are asked for by number, so that a loader names only those that it needs. */
export class Message {
  readonly #fields = new Map<number, Value[]>()

  /** Throws a RangeError or Error if the bytes are cut off or no message. */
  constructor(bytes: Uint8Array) {
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag()
      const values = this.#fields.get(field)
      if (values === undefined) this.#fields.set(field, [readValue(reader, type)])
      else values.push(readValue(reader, type))
    }
  }

  number(field: number): number | undefined {
    return this.#all(field).findLast((value) => typeof value === 'number')
  }

  text(field: number): string {
    return this.texts(field).at(-1) ?? ''
  }

  texts(field: number): string[] {
    return this.#bytes(field).map((value) => utf8.decode(value))
  }

  message(field: number): Message | undefined {
    return this.messages(field).at(-1)
  }

  messages(field: number): Message[] {
    return this.#bytes(field).map((value) => new Message(value))
  }

  /** Repeated whole numbers, packed or not. */
  integers(field: number): number[] {
    return this.#repeated(field, WireType.Varint)
  }

  /** Repeated single-precision numbers, packed or not. */
  floats(field: number): number[] {
    return this.#repeated(field, WireType.Bit32)
  }

  #repeated(field: number, type: WireType): number[] {
    return this.#all(field).flatMap((value) => {
      if (typeof value === 'number') return value
      const numbers: number[] = []
      const reader = new BinaryReader(value)
      while (reader.pos < reader.len) numbers.push(Number(readValue(reader, type)))
      return numbers
    })
  }

  #bytes(field: number): Uint8Array[] {
    return this.#all(field).filter((value) => typeof value !== 'number')
  }

  #all(field: number): readonly Value[] {
    return this.#fields.get(field) ?? []
  }
}

function readValue(reader: BinaryReader, type: WireType): Value {
  switch (type) {
    case WireType.Varint:
      return Number(reader.int64())
    case WireType.Bit64:
      return reader.double()
    case WireType.Bit32:
      return reader.float()
    case WireType.LengthDelimited:
      return reader.bytes()
    default:
      throw new Error(`A field of wire type ${type}`)
  }
}

/**
 * The message with its submessages and texts as `change` has them: left out where it gives none. All else stays, byte
 * for byte, also what this program doesn't know.
 */
export function editMessage(
  bytes: Uint8Array,
  change: (field: number, value: Uint8Array) => Uint8Array | undefined,
): BinaryWriter {
  const reader = new BinaryReader(bytes)
  const writer = new BinaryWriter()
  while (reader.pos < reader.len) {
    const start = reader.pos
    const [field, type] = reader.tag()
    const value = readValue(reader, type)
    const changed = typeof value === 'number' ? undefined : change(field, value)
    if (typeof value === 'number') writer.raw(bytes.subarray(start, reader.pos))
    else if (changed !== undefined) writer.tag(field, WireType.LengthDelimited).bytes(changed)
  }
  return writer
}
