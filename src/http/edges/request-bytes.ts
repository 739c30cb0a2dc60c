/** The number of a request, which is its edge's until it has been answered. */
const slotBytes = 4
/** And when it came, whether its edge has more to do than it can, and how and in how many bytes its body was read. */
const beginBytes = slotBytes + 8 + 1 + 4 + 4

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
  bytes.writeUInt32LE(request.slot, at)
  bytes.writeDoubleLE(request.arrivedSharedMs, at + slotBytes)
  bytes[at + slotBytes + 8] = request.isOverloaded ? 1 : 0
  bytes.writeUInt32LE(request.way, at + beginBytes - 8)
  const { reading } = request
  const readBytes = reading?.length ?? 0
  bytes.writeUInt32LE(readBytes, at + beginBytes - 4)
  if (reading !== undefined) bytes.set(reading, at + beginBytes)
  const headAt = at + beginBytes + readBytes
  bytes.write(head, headAt, 'latin1')
  bytes.set(body, headAt + head.length)
}

/** @returns the request with its bytes: head and body as they came. */
export function readUp(message: Buffer): UpRequest & { readonly bytes: Buffer } {
  const readBytes = message.readUInt32LE(beginBytes - 4)
  return {
    slot: message.readUInt32LE(0),
    arrivedSharedMs: message.readDoubleLE(slotBytes),
    isOverloaded: message[slotBytes + 8] === 1,
    way: message.readUInt32LE(beginBytes - 8),
    reading: readBytes === 0 ? undefined : message.subarray(beginBytes, beginBytes + readBytes),
    bytes: message.subarray(beginBytes + readBytes),
  }
}

export function downLength(answer: string): number {
  return slotBytes + Buffer.byteLength(answer)
}

/** Writes what a request is answered; an empty answer says that it is not one for an edge. */
export function writeDown(bytes: Buffer, at: number, slot: number, answer: string): void {
  bytes.writeUInt32LE(slot, at)
  bytes.write(answer, at + slotBytes)
}

export function readDown(message: Buffer): { readonly slot: number; readonly answer: string } {
  return { slot: message.readUInt32LE(0), answer: message.toString('utf8', slotBytes) }
}
