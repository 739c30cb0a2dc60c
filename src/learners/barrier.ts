const spins = 2_000

/** Where threads that work in step wait for each other. */
export class Barrier {
  readonly #cells: Int32Array
  readonly #parties: number

  /** @param cells two of shared memory, 0 at first. */
  constructor(cells: Int32Array, parties: number) {
    this.#cells = cells
    this.#parties = parties
  }

  /** Returns once all threads have come here; what each wrote before is then seen by all. */
  wait(): void {
    if (this.#parties === 1) return
    const cells = this.#cells
    const round = Atomics.load(cells, 1)
    if (Atomics.add(cells, 0, 1) + 1 === this.#parties) {
      Atomics.store(cells, 0, 0)
      Atomics.add(cells, 1, 1)
      Atomics.notify(cells, 1)
      return
    }
    // The others are seldom far behind, and to sleep and be woken takes longer.
    for (let spin = 0; spin < spins; spin++) if (Atomics.load(cells, 1) !== round) return
    while (Atomics.load(cells, 1) === round) Atomics.wait(cells, 1, round)
  }
}
