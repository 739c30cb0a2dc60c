import { FraudError } from './errors.ts'

// What of WebAssembly is used here: TypeScript has it among the types of browsers only.
declare namespace WebAssembly {
  class Memory {
    constructor(size: { initial: number; maximum?: number; shared?: boolean })
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports: object)
    readonly exports: unknown
  }
}

/** What a kernel works on; its numbers are addressed by their arrays' `byteOffset`. */
export type KernelMemory = WebAssembly.Memory

const pageBytes = 65_536

/** So many bytes at least, in whole pages; all are 0. */
export function createMemory(bytes: number): KernelMemory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) })
}

const modules = new Map<string, WebAssembly.Module>()

/**
 * Loops that are compiled from `kernels/assembly/`, over a memory.
 *
 * @param bytes of the module, as base64.
 */
export function startKernel<Functions>(bytes: string, memory: KernelMemory): Functions {
  const module = modules.get(bytes) ?? new WebAssembly.Module(Buffer.from(bytes, 'base64'))
  modules.set(bytes, module)
  // The module's source says what it exports.
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Functions
}

interface ArrayKind<Numbers> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Numbers
  readonly BYTES_PER_ELEMENT: number
}

const cacheLineBytes = 64
/** 4 GiB: what an address of 32 bits reaches. */
const mostPages = 65_536

/** Memory that all threads and their kernels share; it grows as places are given out, one behind the other. */
export class SharedArena {
  readonly memory: KernelMemory = new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared: true })
  #end = cacheLineBytes

  /**
   * An array of zeros; behind it, to the end of a cache line, are some that nobody else has.
   *
   * @throws FraudError DATA_INVALID where all together would be beyond 4 GiB, or the machine has no more.
   */
  take<Numbers>(Kind: ArrayKind<Numbers>, length: number): Numbers {
    const at = this.#end
    this.#end = Math.ceil((at + length * Kind.BYTES_PER_ELEMENT) / cacheLineBytes) * cacheLineBytes
    const missing = this.#end - this.memory.buffer.byteLength
    if (missing > 0) this.#grow(Math.ceil(missing / pageBytes))
    return new Kind(this.memory.buffer, at, length)
  }

  #grow(pages: number): void {
    try {
      this.memory.grow(pages)
    } catch {
      const gigabytes = (this.#end / 1e9).toFixed(1)
      throw new FraudError(
        'DATA_INVALID',
        `These rows take more than ${gigabytes} GB of memory in one piece, and threads can share 4.2 GB where the machine has it: learn from fewer rows, features or leaves`,
      )
    }
  }
}
