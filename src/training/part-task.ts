import { join } from 'node:path'
import type { BucketFiles } from '../data/shuffled-events.ts'

interface Task {
  readonly folder: string
  readonly detectorFile: string
  /** For DuckDB. */
  readonly memoryMb: number
}

/** The events of one key, by which they are divided. */
interface OfKey extends Omit<BucketFiles, 'bucket' | 'memoryMb'> {
  /** The key whose history it is. */
  readonly by: string
}

/** What a process is started for, so that its memory is free again at the end. */
export type PartTask = Task &
  (
    | { readonly stage: 'find repeats'; readonly mostExamples: number }
    | ({ readonly stage: 'divide'; readonly buckets: number } & OfKey)
    | { readonly stage: 'order'; readonly texts: readonly number[]; readonly buckets: number }
    | ({ readonly stage: 'replay'; readonly bucket: number } & OfKey)
  )

/** The file of the values of a bucket. */
export function partFile(folder: string, { name, bucket }: Pick<BucketFiles, 'name' | 'bucket'>): string {
  return join(folder, `${name}-${bucket}.values`)
}
