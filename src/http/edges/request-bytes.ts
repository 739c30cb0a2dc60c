/** The number of a request, which is its edge's until it has been answered. */
const slotBytes = 4
/** And when it came, whether its edge has more to do than it can, and how and in how many bytes its body was read. */
const arrivedAt = slotBytes
const overloadedAt = arrivedAt + 8
const wayAt = overloadedAt + 1
const readBytesAt = wayAt + 4
const beginBytes = readBytesAt + 4

/** What an edge says of a request on its way to the thread that decides. */
export interface UpRequest {
  readonly slot: number
  readonly arrivedSharedMs: number
  readonly isOverloaded: boolean
  /** By the orders to read that the edge was given so far: the number of the last. */
  readonly way: number
  /** What it has read of the body (`ReaderElsewhere`), if it has. */
  readonly reading: Uint8Array | undefined
}

export function upLength({ reading }: UpRequest, headLength: number, body: Buffer): number {
  return beginBytes + (reading?.length ?? 0) + headLength + body.length
}

/** Writes a request as `readUp` reads it. @param head as latin1. */
export function writeUp(bytes: Buffer, at: number, request: UpRequest, head: string, body: Buffer): void {
  const { reading } = request
  const readBytes = reading?.length ?? 0
  bytes.writeUInt32LE(request.slot, at)
  bytes.writeDoubleLE(request.arrivedSharedMs, at + arrivedAt)
  bytes[at + overloadedAt] = request.isOverloaded ? 1 : 0
  bytes.writeUInt32LE(request.way, at + wayAt)
  bytes.writeUInt32LE(readBytes, at + readBytesAt)
  if (reading !== undefined) bytes.set(reading, at + beginBytes)
  const headAt = at + beginBytes + readBytes
  bytes.write(head, headAt, 'latin1')
  bytes.set(body, headAt + head.length)
}

/** @returns the request with its bytes, which are the message's: head and body as they came. */
export function readUp(message: Buffer): UpRequest & { readonly bytes: Buffer } {
  const headAt = beginBytes + message.readUInt32LE(readBytesAt)
  return {
    slot: message.readUInt32LE(0),
    arrivedSharedMs: message.readDoubleLE(arrivedAt),
    isOverloaded: message[overloadedAt] === 1,
    way: message.readUInt32LE(wayAt),
    reading: headAt === beginBytes ? undefined : message.subarray(beginBytes, headAt),
    bytes: message.subarray(headAt),
  }
}

export function downLength(answer: string): number {
  return slotBytes + Buffer.byteLength(answer)
}

/** Writes what a request is answered: all of it, or JSON alone where that is 200; an empty one says that it is not for an edge. */
export function writeDown(bytes: Buffer, at: number, slot: number, answer: string): void {
  bytes.writeUInt32LE(slot, at)
  bytes.write(answer, at + slotBytes)
}

export function readDown(message: Buffer): { readonly slot: number; readonly answer: string } {
  return { slot: message.readUInt32LE(0), answer: message.toString('utf8', slotBytes) }
}
