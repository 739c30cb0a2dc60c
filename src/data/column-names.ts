import { withoutAccents } from '../core/without-accents.ts'

/** What banks and shops call a label, in the languages of their exports; as `plainName` has them. */
export const labelWords = words(
  'isfraud fraud fraudulent isfraudulent fraudlabel fraudflag fraudindicator confirmedfraud wasfraud ischargeback chargeback chargedback ischargedback ' +
    'betrug istbetrug betrugsfall betrugskennzeichen betrugerisch betruegerisch ' +
    'fraude estfraude isfraude esfraude efraude frauduleux frauduleuse fraudulento fraudulenta ' +
    'frode isfrode efrode fraudolento fraudolenta fraudegeval',
)

export const timeWords = words(
  'timestamp datetime transactiontime transactiondate createdat created date ' +
    'zeitpunkt zeitstempel datumuhrzeit datumzeit transaktionszeit transaktionsdatum buchungsdatum buchungstag datum ' +
    'horodatage dateheure datetransaction dateoperation fechahora fechatransaccion fechaoperacion fecha ' +
    'dataora datahora datatransazione dataoperazione data tijdstip transactiedatum boekdatum',
)

/** Names of a column with only the time of day. */
export const clockWords = words('time timeofday clock uhrzeit zeit heure hora ora tijd')

export const amountWords = words(
  'amount amountvalue amountamount transactionamount amt betrag transaktionsbetrag zahlbetrag umsatz ' +
    'txnamount trxamount paymentamount purchaseamount orderamount amountpaid totalamount ' +
    'transactionvalue purchasevalue ordervalue ordertotal grandtotal total price value ' +
    'montant montantoperation montanttransaction importe monto valor importo bedrag kwota belopp',
)

export const currencyWords = words('currency currencycode curr wahrung waehrung devise divisa moneda valuta moneta')

const inBrackets = /[([{][^)\]}]*[)\]}]/g

/** The name in small letters, without accents, what stands in brackets, and what sets words apart. */
export function plainName(name: string): string {
  const text = name.replace(inBrackets, ' ').replace(/^n[°º]\s*/i, 'no ')
  return withoutAccents(text).replace(/[^a-z0-9]/g, '') || withoutAccents(name).replace(/[^a-z0-9]/g, '')
}

/**
 * The names that a column may be known by: its name, and the last two parts and the last part of a nested field's path.
 */
export function plainNames(name: string): readonly string[] {
  const parts = name.split('.')
  return [...new Set([name, parts.slice(-2).join(), parts.at(-1) ?? ''].map(plainName))]
}

/** The currency that a column's name says its amounts are of, as `Betrag (EUR)` does. */
export function currencyInName(name: string): string | undefined {
  if (name.includes('€')) return 'EUR'
  return name.split(/[^A-Za-z]+/).find((part) => currencies.has(part))
}

/** The names that a column of amounts may be known by, with and without its currency. */
export function amountNames(name: string): readonly string[] {
  const bare = name.split(/([^\p{L}]+)/u).filter((part) => !currencies.has(part) && part !== 'in')
  return [...plainNames(name), plainName(bare.join(''))]
}

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

function words(text: string): readonly string[] {
  return text.split(' ')
}
