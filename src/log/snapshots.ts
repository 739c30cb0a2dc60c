/** A part of a snapshot: the name of the projection that saved it, and the version of the form. */
export interface PartHeld {
  readonly name: string
  readonly version: number
}

/** What one projection saved. */
export interface SnapshotPart extends PartHeld {
  readonly chunks: Iterable<Uint8Array>
}

/** What a snapshot of what the log's records make says of itself. */
export interface SnapshotHeader {
  /** A fingerprint of what the histories keep: a snapshot serves only features that need the same. */
  readonly fingerprint: string
  /** The last record that went into it, and that record's hash in hex, so that it serves only its own log. */
  readonly sequence: number
  readonly hash: string
}

/** A snapshot whose content was checked. */
export interface Snapshot extends SnapshotHeader {
  readonly partsHeld: readonly PartHeld[]
  /** In the order of `partsHeld`, one after the other: each is read to its end, or not at all, before the next. */
  parts(): Iterable<SnapshotPart>
}
