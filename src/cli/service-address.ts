import { FraudError } from '../core/errors.ts'
import { dataDirectory, readServiceAddress } from '../stores/data-directory.ts'

/** The service at the URL, else the one that works on the data directory; undefined where none does. */
export function serviceAddress(url: string | undefined, data: string): string | undefined {
  if (url !== undefined && !/^https?:/.test(URL.parse(url)?.protocol ?? ''))
    throw new FraudError('OPTION_INVALID', `--url ${url} is not an address such as http://127.0.0.1:8000`)
  return url?.replace(/\/+$/, '') ?? readServiceAddress(dataDirectory(data))
}
