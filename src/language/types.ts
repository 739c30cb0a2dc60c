/** `token` is a text that stands for a personal value: it can be compared with another and looked up in lists, no more. */
export type ScalarType = 'bool' | 'int' | 'double' | 'string' | 'timestamp' | 'duration' | 'token'

export function isNumber(type: ScalarType): type is 'int' | 'double' {
  return type === 'int' || type === 'double'
}

/** The type that values of both types have when one of them is chosen or they are side by side; ints are doubles there. */
export function commonType(one: ScalarType, other: ScalarType): ScalarType | undefined {
  if (one === other) return one
  return isNumber(one) && isNumber(other) ? 'double' : undefined
}

/** The type of a value in a sentence: `an int`. */
export function aValue(type: ScalarType): string {
  return type === 'int' ? 'an int' : `a ${type}`
}
