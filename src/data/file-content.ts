import { open } from 'node:fs/promises'
import type { FileFormat } from './file-format.ts'

interface Signature {
  readonly bytes: readonly number[] | string
  readonly is: string
  readonly cure: string
}

const zip = [0x50, 0x4b, 0x03, 0x04]

/** The first bytes of what is often taken for another kind of file, and what to do about it. */
const signatures: readonly Signature[] = [
  { bytes: [0x1f, 0x8b], is: 'is compressed with gzip', cure: 'add .gz to its name' },
  {
    bytes: zip,
    is: 'is a zip archive or an Excel workbook',
    cure: 'unpack it, or give it the ending .xlsx',
  },
  { bytes: 'PAR1', is: 'is a Parquet file', cure: 'give it the ending .parquet' },
  { bytes: 'PARE', is: 'is an encrypted Parquet file', cure: 'write it without encryption' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], is: 'is an old Excel workbook (.xls)', cure: 'save the sheet as CSV' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], is: 'is compressed with Zstandard', cure: 'unpack it' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], is: 'is compressed with xz', cure: 'unpack it' },
  { bytes: 'BZh', is: 'is compressed with bzip2', cure: 'unpack it' },
  { bytes: 'SQLite format 3', is: 'is an SQLite database', cure: 'write the table as CSV or Parquet' },
  { bytes: 'Obj\u0001', is: 'is an Avro file', cure: 'write it as Parquet or CSV' },
  { bytes: 'ORC', is: 'is an ORC file', cure: 'write it as Parquet or CSV' },
  { bytes: 'ARROW1', is: 'is an Arrow or Feather file', cure: 'write it as Parquet or CSV' },
]

const sniffedBytes = 256

/**
 * Why a file is not of the format that its name says, by its first bytes and with the cure; undefined where it may be.
 */
export function whyOther(format: FileFormat, first: Uint8Array): string | undefined {
  if (first.length === 0) return undefined
  const found = signatureOf(first)
  const text = found === undefined ? textOf(first) : ''
  const { is, cure } = found ?? tellText(text)
  if (format === 'parquet') {
    // One without rows may be short of other bytes.
    if (String.fromCharCode(...first.subarray(0, 4)) === 'PAR1') return undefined
    return `${is}, and is not a Parquet file; ${cure}`
  }
  if (format === 'xlsx')
    return found?.bytes === zip ? undefined : `${is}, and is not an Excel workbook (.xlsx); ${cure}`
  if (found !== undefined) return `${is}; ${cure}`
  if (format === 'csv') return /^(\[\s*)?\{\s*["}]/.test(text) ? `${is}; ${cure}` : undefined
  if (isUtf16(first)) return 'is text in UTF-16, and JSON is in UTF-8; save it as UTF-8'
  if (format === 'ndjson' && text.startsWith('[')) return `${is}; ${cure}`
  if (format === 'json' && text !== '' && !/^[[{]/.test(text)) {
    return `${is}, and is not JSON, which begins with [ or {; ${cure}`
  }
  return undefined
}

/** Why a file is not gzip data, whatever else it is; undefined where it is. */
export function whyNotGzip(first: Uint8Array): string | undefined {
  if (first.length === 0 || (first[0] === 0x1f && first[1] === 0x8b)) return undefined
  const found = signatureOf(first)
  if (found !== undefined) return `${found.is}, and is not gzip data; ${found.cure}`
  return `${tellText(textOf(first)).is}, and is not gzip data; take .gz off its name`
}

/** The first bytes of a file that can be read. */
export async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const buffer = new Uint8Array(sniffedBytes)
    const { bytesRead } = await file.read(buffer, 0, sniffedBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function signatureOf(first: Uint8Array): Signature | undefined {
  return signatures.find(({ bytes }) => startsWith(first, bytes))
}

function startsWith(first: Uint8Array, bytes: Signature['bytes']): boolean {
  const wanted = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  if (first.length < wanted.length || !wanted.every((byte, at) => first[at] === byte)) return false
  // A column of a text may be named so.
  return typeof bytes !== 'string' || first.some((byte) => byte < 0x09)
}

/** The text without the byte order mark and leading blanks. */
function textOf(first: Uint8Array): string {
  return new TextDecoder().decode(first.subarray(0, sniffedBytes)).trimStart()
}

function isUtf16(first: Uint8Array): boolean {
  const mark = first[0] * 256 + first[1]
  return mark === 0xfeff || mark === 0xfffe || (first.length > 3 && (first[0] === 0 || first[1] === 0))
}

/** What a text is, or bytes that are taken for one. */
function tellText(text: string): Pick<Signature, 'is' | 'cure'> {
  if (text.startsWith('[')) return { is: 'holds a JSON array', cure: 'give it the ending .json' }
  if (text.startsWith('{')) return { is: 'holds JSON', cure: 'give it the ending .ndjson, or .json' }
  return text.includes('\u0000') || text.includes('\ufffd')
    ? { is: 'holds bytes of an unknown format', cure: 'check what wrote it' }
    : { is: 'holds text, such as CSV', cure: 'give it the ending .csv if it is CSV' }
}
