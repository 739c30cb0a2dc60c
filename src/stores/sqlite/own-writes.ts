import { fstatSync, readSync } from 'node:fs'

/**
 * Whether the files of a log are still as this process, the only one that writes them, wrote them last. A file that is
 * overwritten or cut short in place keeps its identity, and SQLite goes on in it from what it has in memory. The
 * formats are those of https://www.sqlite.org/walformat.html.
 */
export interface OwnWrites {
  /**
   * Which file somebody else wrote; undefined where nobody did.
   *
   * @param didCheckpoint whether the database's own file was written since the last call of `note`, too.
   */
  foreign(didCheckpoint: boolean): 'database' | 'wal' | undefined
  /** Takes the files as `foreign` saw them last for what this process wrote. */
  note(): void
  /** Commits whose pages are only in the write-ahead log, as pages. */
  readonly frames: number
}

interface Mark {
  /** The database's size and time of change, which only a checkpoint moves. */
  readonly stamp: string
  readonly header: Buffer
  readonly frames: number
  /** The header of the last committed page; its checksum covers all pages before. */
  readonly frameHeader: Buffer
  readonly isCopied: boolean
  readonly isCoherent: boolean
}

const walHeaderBytes = 32
const frameHeaderBytes = 24
/** Two copies of the index's header, then how many frames were copied to the database. */
const indexBytes = 100

/** Descriptors of the database, its write-ahead log and the index of that. */
export function watchOwnWrites(database: number, wal: number, index: number): OwnWrites {
  const frameHeaderAt = (header: Buffer, frames: number) => {
    const pageBytes = header.length === walHeaderBytes ? header.readUInt32BE(8) : 0
    return read(wal, frameHeaderBytes, walHeaderBytes + (frames - 1) * (frameHeaderBytes + pageBytes))
  }
  const look = (): Mark => {
    const { size, mtimeNs } = fstatSync(database, { bigint: true })
    const header = read(wal, walHeaderBytes, 0)
    const known = read(index, indexBytes, 0)
    if (known.length < indexBytes) {
      return { stamp: '', header, frames: 0, frameHeader: known, isCopied: false, isCoherent: false }
    }
    // The machine's byte order is used here, unlike elsewhere.
    const words = new Uint32Array(Uint8Array.from(known).buffer)
    const frames = words[4]
    const frameHeader = frames === 0 ? Buffer.alloc(0) : frameHeaderAt(header, frames)
    return {
      stamp: `${size}:${mtimeNs}`,
      header,
      frames,
      frameHeader,
      isCopied: words[24] === frames,
      isCoherent: frames === 0 || isLast(frameHeader, header, known, words),
    }
  }
  let mark = look()
  let now = mark
  return {
    foreign(didCheckpoint) {
      now = look()
      if (now.stamp !== mark.stamp && !didCheckpoint && now.stamp !== '') return 'database'
      if (!now.isCoherent) return 'wal'
      const mayBegin = mark.isCopied || didCheckpoint
      if (mark.frames === 0 || (mayBegin && hasBegunAgain(mark, now))) return undefined
      const isThere =
        now.frames >= mark.frames &&
        now.header.equals(mark.header) &&
        frameHeaderAt(now.header, mark.frames).equals(mark.frameHeader)
      return isThere ? undefined : 'wal'
    },
    note() {
      mark = now
    },
    get frames() {
      return mark.frames
    },
  }
}

/** Whether the last frame of the file is the one that the index knows as the last, of the same run and sum. */
function isLast(frameHeader: Buffer, header: Buffer, known: Buffer, words: Uint32Array): boolean {
  if (frameHeader.length < frameHeaderBytes || header.length < walHeaderBytes) return false
  const salts = known.subarray(32, 40)
  return (
    frameHeader.subarray(8, 16).equals(salts) &&
    header.subarray(16, 24).equals(salts) &&
    frameHeader.readUInt32BE(16) === words[6] &&
    frameHeader.readUInt32BE(20) === words[7]
  )
}

/** Once all of it was copied, the write-ahead log is written from its start again, under the next salt. */
function hasBegunAgain({ header: before }: Mark, { header, frames }: Mark): boolean {
  return frames === 0 || header.readUInt32BE(16) === (before.readUInt32BE(16) + 1) >>> 0
}

/** Fewer bytes where the file ends before. */
function read(file: number, bytes: number, position: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes)
  return buffer.subarray(0, readSync(file, buffer, 0, bytes, position))
}
