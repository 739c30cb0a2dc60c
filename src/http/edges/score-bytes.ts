/** In place of the number of a request: the message is of a score. */
const mark = 0xffff_ffff
const versionAt = 4
const numberAt = 8
const inputsAt = 16
const scoreAt = 12

/** Whether a message is about a score, and not a request or its answer. */
export function isOfScore(message: Buffer): boolean {
  return message.readUInt32LE(0) === mark
}

export function askLength(inputs: Uint8Array): number {
  return inputsAt + inputs.length
}

/** Writes what is to be scored: the bytes of a model's inputs, by which order for a model, and for whom. */
export function writeAsk(bytes: Buffer, at: number, version: number, number: number, inputs: Uint8Array): void {
  bytes.writeUInt32LE(mark, at)
  bytes.writeUInt32LE(version, at + versionAt)
  bytes.writeDoubleLE(number, at + numberAt)
  bytes.set(inputs, at + inputsAt)
}

export function readAsk(message: Buffer): {
  readonly version: number
  readonly number: number
  readonly inputs: Buffer
} {
  return {
    version: message.readUInt32LE(versionAt),
    number: message.readDoubleLE(numberAt),
    inputs: message.subarray(inputsAt),
  }
}

export const scoreLength = 20

/** @param score NaN where there is none. */
export function writeScore(bytes: Buffer, at: number, number: number, score: number): void {
  bytes.writeUInt32LE(mark, at)
  bytes.writeDoubleLE(number, at + 4)
  bytes.writeDoubleLE(score, at + scoreAt)
}

export function readScore(message: Buffer): { readonly number: number; readonly score: number } {
  return { number: message.readDoubleLE(4), score: message.readDoubleLE(scoreAt) }
}
