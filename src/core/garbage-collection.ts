import { setFlagsFromString } from 'node:v8'

/**
 * For a process that others wait for: collections of garbage stay short.
 *
 * V8 allocates objects among the old ones at once where nearly all from the same allocation site lived long, and does not
 * reconsider. What a start makes lives long, what requests make does not, and much of it comes from the same sites: those
 * objects, and all that they point to, would be kept until a full collection.
 *
 * V8 marks what is alive by several threads beside the program, about once a minute: on one core they take turns with the
 * thread that answers, which then has a fourth of it for a tenth of a second or longer. Without them that thread marks in
 * hundreds of steps, each a fraction of a millisecond, between requests. Young objects are looked through by it alone,
 * too: it would only wait for the others.
 */
export function keepCollectionsShort(cores: number): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
  if (cores > 1) return
  setFlagsFromString('--no-concurrent-marking')
  setFlagsFromString('--no-parallel-scavenge')
}
