/**
 * Seeded pseudo-random numbers: xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators",
 * 2021), its state filled by splitmix32. The same seed gives the same numbers on every machine.
 */
export interface Random {
  /** A whole number in [0, 2^32). */
  uint32(): number
  /** A number in [0, 1), with 53 random bits. */
  uniform(): number
  /** A whole number in [0, bound), every one as likely (rejection, no modulo bias); bound is in [1, 2^32]. */
  integer(bound: number): number
  /** A standard normal number (Marsaglia's polar method). */
  normal(): number
}

/** A generator of its own for each (seed, stream): streams of one seed are independent of each other. */
export function createRandom(seed: number, stream = 0): Random {
  let mixer = (seed ^ Math.imul(stream, 0x9e3779b9)) | 0
  const splitmix = () => {
    mixer = (mixer + 0x9e3779b9) | 0
    let z = Math.imul(mixer ^ (mixer >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) | 0
  }
  // The high half of a large seed and the stream enter separately, so that neither can cancel the other.
  let a = splitmix() ^ Math.floor(seed / 0x100000000)
  let b = splitmix() ^ stream
  let c = splitmix()
  let d = splitmix() | 1

  const uint32 = () => {
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
  for (let warmUp = 0; warmUp < 8; warmUp++) uint32()

  const uniform = () => ((uint32() >>> 5) * 0x4000000 + (uint32() >>> 6)) / 0x20000000000000

  const integer = (bound: number) => {
    const limit = 0x100000000 - (0x100000000 % bound)
    let draw = uint32()
    while (draw >= limit) draw = uint32()
    return draw % bound
  }

  let spare = Number.NaN
  const normal = () => {
    if (!Number.isNaN(spare)) {
      const value = spare
      spare = Number.NaN
      return value
    }
    for (;;) {
      const u = 2 * uniform() - 1
      const v = 2 * uniform() - 1
      const s = u * u + v * v
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * Math.log(s)) / s)
        spare = v * scale
        return u * scale
      }
    }
  }

  return { uint32, uniform, integer, normal }
}
