/** When things happen to the server and on the way to it. */
export interface Surroundings {
  after(ms: number, happen: () => void): void
  /** One way between a process and the server. */
  delayMs(): number
  /** From when a statement has its locks until it is durable, on a standby, too, where there is one. */
  commitMs(): number
  /** Whether what is being committed when its connection or the server ends is kept. */
  isKept(): boolean
  nowMs(): number
}

/** Where a client runs, which the network may cut off from the server. */
export interface Client {
  /** Until when nothing that is sent arrives; it arrives then. */
  cutOffUntilMs(): number
  /** Calls something of the client's after so long. */
  after(ms: number, happen: () => void): void
}
