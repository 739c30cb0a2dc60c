/** The number of a request, which is its edge's until it has been answered. */
const slotBytes = 4
/** And when it came, and whether its edge has more to do than it can. */
const beginBytes = slotBytes + 8 + 1

/** What an edge says of a request on its way to the thread that decides. */
export interface UpRequest {
  readonly slot: number
  readonly arrivedSharedMs: number
  readonly isOverloaded: boolean
}

export function upLength(headLength: number, body: Buffer): number {
  return beginBytes + headLength + body.length
}

/** Writes a request as `readUp` reads it. @param head as latin1. */
export function writeUp(bytes: Buffer, at: number, request: UpRequest, head: string, body: Buffer): void {
  bytes.writeUInt32LE(request.slot, at)
  bytes.writeDoubleLE(request.arrivedSharedMs, at + slotBytes)
  bytes[at + beginBytes - 1] = request.isOverloaded ? 1 : 0
  bytes.write(head, at + beginBytes, 'latin1')
  bytes.set(body, at + beginBytes + head.length)
}

/** @returns the request with its bytes: head and body as they came. */
export function readUp(message: Buffer): UpRequest & { readonly bytes: Buffer } {
  return {
    slot: message.readUInt32LE(0),
    arrivedSharedMs: message.readDoubleLE(slotBytes),
    isOverloaded: message[beginBytes - 1] === 1,
    bytes: message.subarray(beginBytes),
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
