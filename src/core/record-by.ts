/** A record with a value for each of a few names. */
export function recordBy<Name extends string, Value>(
  names: readonly Name[],
  valueFor: (name: Name, position: number) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name, i) => [name, valueFor(name, i)])) as Record<Name, Value>
}
