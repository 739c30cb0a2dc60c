import type { Random } from '../../../core/random.ts'
import { createChooser } from '../mixture.ts'
import { type Category, categories } from './categories.ts'
import { type City, cities, type Place, placeNear } from './places.ts'

export interface Merchant {
  readonly category: Category
  readonly city: number
  /** What a middling customer pays here, in minor units. */
  readonly amountMinor: number
  /** Hours of the local day; past 24 it is the next morning. */
  readonly opens: number
  readonly closes: number
  readonly isOnline: boolean
  /** Its terminals have the numbers from the first to the one before the last. */
  readonly firstTerminal: number
  readonly endTerminal: number
}

/** Where cards are used. A terminal is a number; those of shops come first, then one account per online shop. */
export interface Merchants {
  readonly merchants: readonly Merchant[]
  readonly merchantOf: Int32Array
  /** How many terminals stand in shops: the number of the first online account. */
  readonly shopTerminals: number
  readonly terminals: number
  /** NaN online, as an account has no place. */
  readonly latitude: Float64Array
  readonly longitude: Float64Array
  /** The shop terminals of each city. */
  readonly inCity: readonly Int32Array[]
}

// Half of all merchants have one terminal, and a chain is never larger than this.
const anotherTerminal = 0.5
const longestChain = 12
const terminalsPerOnlineShop = 50
const cityKm = 5
const chainKm = 1.5

export function createMerchants(shopTerminals: number, random: Random): Merchants {
  const onlineShops = Math.max(2, Math.round(shopTerminals / terminalsPerOnlineShop))
  const terminals = shopTerminals + onlineShops
  const merchants: Merchant[] = []
  const merchantOf = new Int32Array(terminals)
  const latitude = new Float64Array(terminals).fill(Number.NaN)
  const longitude = new Float64Array(terminals).fill(Number.NaN)

  const chooseCity = createChooser(cities.map(({ people }) => people))
  const chooseShop = createChooser(categories.map((category) => category.terminals))
  for (let next = 0; next < shopTerminals; ) {
    let size = 1
    while (size < longestChain && next + size < shopTerminals && random.uniform() < anotherTerminal) size++
    const city = chooseCity(random)
    const centre = placeNear(cities[city], cityKm, random)
    const shop = createMerchant(categories[chooseShop(random)], city, false, next, next + size, random)
    for (const end = next + size; next < end; next++) {
      merchantOf[next] = merchants.length
      ;({ latitude: latitude[next], longitude: longitude[next] } = placeNear(centre, chainKm, random))
    }
    merchants.push(shop)
  }

  const chooseOnline = createChooser(categories.map((category) => category.onlineShops))
  for (let account = shopTerminals; account < terminals; account++) {
    merchantOf[account] = merchants.length
    const category = categories[chooseOnline(random)]
    merchants.push(createMerchant(category, chooseCity(random), true, account, account + 1, random))
  }
  const inCity = cities.map((_, city) => {
    const numbers = Array.from({ length: shopTerminals }, (_, terminal) => terminal)
    return Int32Array.from(numbers.filter((terminal) => merchants[merchantOf[terminal]].city === city))
  })
  return { merchants, merchantOf, shopTerminals, terminals, latitude, longitude, inCity }
}

function createMerchant(
  category: Category,
  city: number,
  isOnline: boolean,
  firstTerminal: number,
  endTerminal: number,
  random: Random,
): Merchant {
  const allDay = isOnline || category.closes - category.opens >= 24
  return {
    category,
    city,
    amountMinor: category.amountMinor * Math.exp(0.3 * random.normal()),
    opens: allDay ? 0 : category.opens + random.integer(4) - 1,
    closes: allDay ? 24 : category.closes + random.integer(4) - 2,
    isOnline,
    firstTerminal,
    endTerminal,
  }
}

export function merchantAt({ merchants, merchantOf }: Merchants, terminal: number): Merchant {
  return merchants[merchantOf[terminal]]
}

export function placeOf({ latitude, longitude }: Merchants, terminal: number): Place {
  return { latitude: latitude[terminal], longitude: longitude[terminal] }
}

export function isOpen({ opens, closes }: Merchant, localHour: number): boolean {
  return (localHour >= opens && localHour < closes) || localHour + 24 < closes
}

/** The hour of the day there, with its fraction. */
export function localHour(second: number, { hoursFromUtc }: City): number {
  return (second / 3600 + hoursFromUtc) % 24
}
