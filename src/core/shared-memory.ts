interface NumberArray<Numbers> {
  new (buffer: SharedArrayBuffer): Numbers
  readonly BYTES_PER_ELEMENT: number
}

/** An array of zeros that all threads see. */
export function shared<Numbers>(Kind: NumberArray<Numbers>, length: number): Numbers {
  return new Kind(new SharedArrayBuffer(length * Kind.BYTES_PER_ELEMENT))
}

/** A copy that all threads see. */
export function sharedCopy<Numbers extends { set(values: ArrayLike<number>): void }>(
  Kind: NumberArray<Numbers>,
  values: ArrayLike<number>,
): Numbers {
  const copy = shared(Kind, values.length)
  copy.set(values)
  return copy
}
