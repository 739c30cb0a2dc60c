import { setFlagsFromString } from 'node:v8'

/**
 * For a process that others wait for, on one core. V8 marks what is alive by several threads beside the program, about once
 * a minute: on one core they take turns with the thread that answers, which then has a fourth of it for a tenth of a second
 * or longer. Without them that thread marks in hundreds of steps, each a fraction of a millisecond, between requests. Young
 * objects are looked through by it alone, too: it would only wait for the others.
 */
export function collectGarbageAlone(cores: number): void {
  if (cores > 1) return
  setFlagsFromString('--no-concurrent-marking')
  setFlagsFromString('--no-parallel-scavenge')
}
