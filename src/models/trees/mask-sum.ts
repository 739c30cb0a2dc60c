/**
 * The inner loop of `mask-forest.ts` in WebAssembly, since JavaScript has no instruction for the masks of four trees at
 * once. Written down as bytes, so that no compiler is needed; in words, for trees of 32 leaves each, `lanes` at a time:
 *
 *     for each group of `lanes` trees
 *       masks = all ones
 *       for each feature: masks &= the masks at the feature's address, further by the group's place
 *       for each of the trees, in their order: sum += its leaf number (lowest bit of its mask)
 *     return sum
 */

/** Trees at once: five registers of four masks each, which is as many as went fastest. */
export const lanes = 20
const registers = lanes / 4
const maskBytes = 4
/** The bytes of a tree: 32 values in double precision. */
export const leafBytes = 256

// What of it is used here: TypeScript has it among the types of browsers only.
declare namespace WebAssembly {
  class Memory {
    constructor(size: { initial: number })
    readonly buffer: ArrayBuffer
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports: object)
    readonly exports: Readonly<Record<string, unknown>>
  }
}

export interface MaskLayout {
  /** Where the first tree's leaves stand; the addresses of the features' masks begin the memory, 4 bytes each. */
  readonly leavesAt: number
  readonly features: number
  /** A multiple of `lanes`. */
  readonly trees: number
}

const pageBytes = 65_536

/** The loop, and the memory that it runs over. */
export function createMaskSum(layout: MaskLayout, memoryBytes: number): { memory: ArrayBuffer; sum: () => number } {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(memoryBytes / pageBytes) })
  const code = functionOf(layout)
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 1, f64]), // one type: () -> f64
    ...section(2, [1, ...name('m'), ...name('m'), 2, 0, 1]), // the memory m.m
    ...section(3, [1, 0]), // one function of that type
    ...section(7, [1, ...name('sum'), 0, 0]), // called sum
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { m: memory } })
  const { sum } = exports
  if (typeof sum !== 'function') throw new TypeError('the module has no function')
  return { memory: memory.buffer, sum: () => Number(sum()) }
}

// Types and instructions of the WebAssembly specification 2.0, by their opcodes.
const [i32, f64, v128, noResult] = [0x7f, 0x7c, 0x7b, 0x40]
const loop = [0x03, noResult]
const end = 0x0b
const repeatIf = [0x0d, 0]
const constant = (value: number) => [0x41, ...signed(value)]
const get = (local: number) => [0x20, ...unsigned(local)]
const set = (local: number) => [0x21, ...unsigned(local)]
const tee = (local: number) => [0x22, ...unsigned(local)]
const loadI32 = [0x28, 2, 0]
const loadF64 = (offset: number) => [0x2b, 3, ...unsigned(offset)]
const [isLess, trailingZeros, add, shiftLeft, addF64] = [0x49, 0x68, 0x6a, 0x74, 0xa0]
const loadV128 = (offset: number) => [0xfd, 0x00, 4, ...unsigned(offset)]
const splat = [0xfd, 0x11]
const extract = (lane: number) => [0xfd, 0x1b, lane]
const and = [0xfd, 0x4e]

function functionOf({ leavesAt, features, trees }: MaskLayout): number[] {
  // The place of the group's masks, the place of the feature's address, the masks' address; the sum; the registers.
  const [group, feature, address, sum, first] = [0, 1, 2, 3, 4]
  const each = Array.from({ length: registers }, (_, i) => first + i)
  const addLeaf = (register: number, lane: number) => {
    const tree = 4 * (register - first) + lane
    // A tree has 4 bytes of masks and 64 times as many of leaves; a leaf has 8.
    const place = [...get(group), ...constant(6), shiftLeft]
    const leaf = [...get(register), ...extract(lane), trailingZeros, ...constant(3), shiftLeft]
    return [...get(sum), ...place, ...leaf, add, ...loadF64(leavesAt + tree * leafBytes), addF64, ...set(sum)]
  }
  const body = [
    ...loop,
    ...each.flatMap((register) => [...constant(-1), ...splat, ...set(register)]),
    ...[...constant(0), ...set(feature)],
    ...loop,
    ...[...get(feature), ...loadI32, ...get(group), add, ...set(address)],
    ...each.flatMap((register, i) => [
      ...[...get(register), ...get(address), ...loadV128(16 * i), ...and, ...set(register)],
    ]),
    ...[...get(feature), ...constant(4), add, ...tee(feature), ...constant(4 * features), isLess, ...repeatIf, end],
    ...each.flatMap((register) => [0, 1, 2, 3].flatMap((lane) => addLeaf(register, lane))),
    ...[...get(group), ...constant(lanes * maskBytes), add, ...tee(group)],
    ...[...constant(trees * maskBytes), isLess, ...repeatIf, end],
    ...get(sum),
    end,
  ]
  return [3, 3, i32, 1, f64, ...unsigned(registers), v128, ...body]
}

function section(id: number, bytes: readonly number[]): number[] {
  return [id, ...unsigned(bytes.length), ...bytes]
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text)]
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
  return isLast ? [low] : [low | 0x80, ...signed(rest)]
}
