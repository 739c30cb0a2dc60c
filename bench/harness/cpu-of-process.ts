import { readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** Processor seconds of a process, its threads, and its children that have ended. */
export function cpuOfProcess(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / ticksPerSecond
}
