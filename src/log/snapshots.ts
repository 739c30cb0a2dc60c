/** What a snapshot of histories says of itself. */
export interface SnapshotHeader {
  /** Of what the histories keep: a snapshot serves only features that want the same. */
  readonly fingerprint: string
  /** The last record that went into it, and that record's hash in hex, so that it serves only its own log. */
  readonly sequence: number
  readonly hash: string
  /** When transactions came again after a silence longer than the histories reach. */
  readonly resumedAtMs?: number
}

/** A snapshot whose content was checked. */
export interface Snapshot extends SnapshotHeader {
  chunks(): Iterable<Uint8Array>
}
