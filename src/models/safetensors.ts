import { createHash, type Hash } from 'node:crypto'
import { FraudError } from '../core/errors.ts'
import { atOnce, type Steps } from '../core/time-slices.ts'

/**
 * The safetensors layout (Hugging Face, 2022): 8 bytes with the header's length, a JSON header that names each tensor's
 * type, shape and place, then the bytes of the tensors. Nothing in it can run. Our files also carry, in the metadata, a
 * SHA-256 over every other byte of the file.
 */
export type Tensor = Float64Array | Int32Array | Uint8Array

export interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: Readonly<Record<string, Tensor>>
}

const headerLimit = 16 * 1024 * 1024
const noHash = '0'.repeat(64)
/** Bytes that are hashed in a step, which takes half a millisecond. */
const hashedAtOnce = 2 ** 20

function typeOf(tensor: Tensor): 'F64' | 'I32' | 'U8' {
  if (tensor instanceof Float64Array) return 'F64'
  return tensor instanceof Int32Array ? 'I32' : 'U8'
}

const makers = {
  F64: {
    bytes: 8,
    view: (buffer: ArrayBuffer, from: number, length: number) => new Float64Array(buffer, from, length),
  },
  I32: { bytes: 4, view: (buffer: ArrayBuffer, from: number, length: number) => new Int32Array(buffer, from, length) },
  U8: { bytes: 1, view: (buffer: ArrayBuffer, from: number, length: number) => new Uint8Array(buffer, from, length) },
}

/** The file's bytes and its hash; the same content gives the same bytes. */
export function encodeTensors({ metadata, tensors }: TensorFile): {
  readonly bytes: Uint8Array
  readonly sha256: string
} {
  // The widest first, so that each tensor begins at a multiple of its own width.
  const ordered = Object.entries(tensors).sort(([, a], [, b]) => b.BYTES_PER_ELEMENT - a.BYTES_PER_ELEMENT)
  const header: Record<string, unknown> = { __metadata__: { ...metadata, sha256: noHash } }
  let size = 0
  for (const [name, tensor] of ordered) {
    const end = size + tensor.byteLength
    header[name] = { dtype: typeOf(tensor), shape: [tensor.length], data_offsets: [size, end] }
    size = end
  }
  const json = Buffer.from(JSON.stringify(header))
  const headerLength = Math.ceil(json.length / 8) * 8
  const bytes = Buffer.alloc(8 + headerLength + size, ' ')
  bytes.writeBigUInt64LE(BigInt(headerLength))
  json.copy(bytes, 8)
  let from = 8 + headerLength
  for (const [, tensor] of ordered) {
    bytes.set(new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength), from)
    from += tensor.byteLength
  }
  const place = bytes.indexOf(`"sha256":"${noHash}"`) + '"sha256":"'.length
  const sha256 = atOnce(hashAround(bytes, place))
  bytes.write(sha256, place, 'latin1')
  return { bytes, sha256 }
}

/**
 * Reads the bytes of a file that `encodeTensors` wrote; tensors are views of them.
 *
 * @throws FraudError BUNDLE_INVALID if it is anything else, or any byte differs.
 */
export function* decodeTensors(bytes: Uint8Array): Steps<TensorFile & { readonly sha256: string }> {
  // Views need aligned memory; a Buffer cut from a pool may not be.
  const file = Buffer.from(
    bytes.byteOffset % 8 === 0 ? bytes.buffer : bytes.slice().buffer,
    bytes.byteOffset % 8 === 0 ? bytes.byteOffset : 0,
    bytes.byteLength,
  )
  const { header, dataStart } = readHeader(file)
  yield
  const metadata = readMetadata(header.__metadata__)
  const { sha256, place } = findHash(metadata, file.subarray(0, dataStart))
  if ((yield* hashAround(file, place)) !== sha256) throw damaged()
  const tensors: Record<string, Tensor> = {}
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors[name] = readTensor(name, entry, file, dataStart)
  }
  return { metadata, tensors, sha256 }
}

/**
 * The hash of a file that `encodeTensors` wrote, once it was compared with the content; nothing as large as the file is held.
 *
 * @param pieces each may be overwritten by the next.
 * @throws FraudError BUNDLE_INVALID if it is anything else, or any byte differs.
 */
export async function hashOfTensors(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let start: Buffer = Buffer.alloc(0)
  let begun: { readonly hash: Hash; readonly sha256: string } | undefined
  for await (const piece of pieces) {
    if (begun === undefined) {
      start = Buffer.concat([start, piece])
      if (hasHeader(start)) begun = beginHash(start)
    } else begun.hash.update(piece)
  }
  const { hash, sha256 } = begun ?? beginHash(start)
  if (hash.digest('hex') !== sha256) throw damaged()
  return sha256
}

/** Whether more bytes would not change what is said of the header. */
function hasHeader(start: Buffer): boolean {
  if (start.length < 8) return false
  const headerLength = Number(start.readBigUInt64LE())
  return headerLength > headerLimit || start.length >= 8 + headerLength
}

function beginHash(start: Buffer): { readonly hash: Hash; readonly sha256: string } {
  const { header, dataStart } = readHeader(start)
  const { sha256, place } = findHash(readMetadata(header.__metadata__), start.subarray(0, dataStart))
  const hash = createHash('sha256').update(start.subarray(0, place))
  return { hash: hash.update(start.subarray(place + noHash.length)), sha256 }
}

/** The hash that a file says it has, and where. */
function findHash({ sha256 = '' }: Readonly<Record<string, string>>, start: Buffer) {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw damaged()
  return { sha256, place: start.indexOf(`"sha256":"${sha256}"`) + '"sha256":"'.length }
}

function damaged(): FraudError {
  return invalid('its hash does not match its content: it is damaged')
}

function invalid(reason: string): FraudError {
  return new FraudError('BUNDLE_INVALID', `This file is not a usable model bundle: ${reason}`)
}

function* hashAround(bytes: Uint8Array, place: number): Steps<string> {
  const hash = createHash('sha256').update(bytes.subarray(0, place))
  for (let at = place + noHash.length; at < bytes.length; at += hashedAtOnce) {
    hash.update(bytes.subarray(at, at + hashedAtOnce))
    yield
  }
  return hash.digest('hex')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readHeader(file: Buffer): { header: Record<string, unknown>; dataStart: number } {
  if (file.length < 8) throw invalid(`it has only ${file.length} bytes`)
  const headerLength = Number(file.readBigUInt64LE())
  if (headerLength > headerLimit) throw invalid('it does not start like a safetensors file')
  if (8 + headerLength > file.length) throw invalid('it is cut off inside its header')
  try {
    const header: unknown = JSON.parse(file.toString('utf8', 8, 8 + headerLength))
    if (isRecord(header)) return { header, dataStart: 8 + headerLength }
  } catch {
    // What does not parse is refused with what parses to anything but an object.
  }
  throw invalid('its header is not a JSON object')
}

function readMetadata(metadata: unknown): Record<string, string> {
  const result: Record<string, string> = {}
  if (!isRecord(metadata)) throw invalid('it has no metadata')
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw invalid(`its metadata "${key}" is not a text`)
    result[key] = value
  }
  return result
}

function readTensor(name: string, entry: unknown, file: Buffer, dataStart: number): Tensor {
  if (!isRecord(entry) || !Array.isArray(entry.data_offsets)) throw invalid(`its tensor "${name}" is not described`)
  const { dtype } = entry
  const [from, to] = entry.data_offsets.map(Number)
  if (dtype !== 'F64' && dtype !== 'I32' && dtype !== 'U8') throw invalid(`its tensor "${name}" has an unknown type`)
  const { bytes, view } = makers[dtype]
  const isPlaced = Number.isSafeInteger(from) && from >= 0 && to >= from && dataStart + to <= file.length
  if (!isPlaced || (to - from) % bytes !== 0 || (dataStart + from) % bytes !== 0) {
    throw invalid(`it is cut off, or its tensor "${name}" is misplaced`)
  }
  const buffer = file.buffer
  if (!(buffer instanceof ArrayBuffer)) throw invalid('it lies in shared memory')
  return view(buffer, file.byteOffset + dataStart + from, (to - from) / bytes)
}
