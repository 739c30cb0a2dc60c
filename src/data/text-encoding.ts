import { isUtf8 as isValid } from 'node:buffer'
import { unreadable } from './byte-source.ts'

export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const
export type Encoding = (typeof encodings)[number]

/** Bytes of any encoding as UTF-8, and how they were taken. */
export interface Utf8 {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Known once the first piece has come. */
  encoding(): Encoding
}

const sniffedBytes = 64

/**
 * Turns the bytes of a text file into UTF-8. Without an encoding the first piece tells: UTF-16 by its byte order mark or
 * the zeros beside ASCII, UTF-8 where it is valid, and else Windows-1252, of which Latin-1's letters are a part.
 *
 * @param file what the bytes are of, for errors: FILE_UNREADABLE where they are not of the encoding or end within a character.
 */
export function toUtf8(chunks: AsyncIterable<Uint8Array>, said: Encoding | undefined, file: string): Utf8 {
  let encoding = said
  async function* decoded() {
    let decode: ReturnType<typeof decoderOf> | undefined
    for await (const chunk of chunks) {
      encoding ??= sniff(chunk)
      // UTF-8 goes through as it is: the reader says where it is not valid.
      if (encoding === 'utf-8') yield chunk
      else {
        decode ??= decoderOf(encoding, file)
        yield Buffer.from(decode(chunk))
      }
    }
    // A file that is cut within a character may lack digits before it.
    decode?.()
  }
  return { chunks: decoded(), encoding: () => encoding ?? 'utf-8' }
}

/** Decodes one piece after the other; called without one at the end. */
function decoderOf(encoding: Encoding, file: string) {
  const decoder = new TextDecoder(encoding, { fatal: true })
  return (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch (cause) {
      const reason = chunk === undefined ? 'ends within a character, so it is cut short' : `is not ${encoding}`
      throw unreadable(file, `it ${reason}`, cause)
    }
  }
}

function sniff(chunk: Uint8Array): Encoding {
  if (chunk[0] === 0xff && chunk[1] === 0xfe) return 'utf-16le'
  if (chunk[0] === 0xfe && chunk[1] === 0xff) return 'utf-16be'
  const first = chunk.subarray(0, Math.min(sniffedBytes, chunk.length - (chunk.length % 2)))
  const zerosAt = (parity: number) => first.filter((byte, at) => at % 2 === parity && byte === 0).length
  // Most of a table is digits, separators and Latin letters.
  const most = (first.length / 2) * 0.75
  if (first.length >= 4 && zerosAt(1) >= most && zerosAt(0) === 0) return 'utf-16le'
  if (first.length >= 4 && zerosAt(0) >= most && zerosAt(1) === 0) return 'utf-16be'
  return isUtf8(chunk) ? 'utf-8' : 'windows-1252'
}

/** Whether a piece is valid but for a character that it may cut in two. */
function isUtf8(chunk: Uint8Array): boolean {
  // A character's first byte is one of its last four; the bytes after it begin with the bits 10.
  let end = chunk.length
  while (end > 0 && chunk.length - end < 3 && (chunk[end - 1] & 0xc0) === 0x80) end--
  const isCut = end > 0 && chunk[end - 1] >= 0xc0
  return isValid(isCut ? chunk.subarray(0, end - 1) : chunk) || (isCut && isValid(chunk))
}
