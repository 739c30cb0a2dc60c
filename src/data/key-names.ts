import { withoutAccents } from '../core/without-accents.ts'
import { plainNames } from './column-names.ts'

/** What a key stands for: who pays, who or what is paid at, or what it is paid with. */
export type KeyRole = 'payer' | 'payee' | 'means'

interface KnownKey {
  readonly key: string
  readonly role: KeyRole
  /** Names as `plainName` has them. */
  readonly names: readonly string[]
}

/** The keys in the order in which they are tried, and in which a detector lists them. */
const knownKeys: readonly KnownKey[] = [
  {
    key: 'card',
    role: 'payer',
    names: words(
      'card cc pan creditcard card1 cardtoken cardhash karte karten kreditkarte kreditkarten carte cartebancaire ' +
        'tarjeta carta cartao kaart',
    ),
  },
  {
    key: 'customer',
    role: 'payer',
    names: words(
      'customer cust client user nameorig sender cardholder buyer payer kunde kunden kd karteninhaber nutzer ' +
        'cliente titulaire utilisateur usuario titular utente klant klanten',
    ),
  },
  {
    key: 'account',
    role: 'payer',
    names: words('account acct iban accountfrom konto compte cuenta conto conta rekening'),
  },
  { key: 'email', role: 'payer', names: words('email mail emailaddress emailadresse courriel correo') },
  { key: 'phone', role: 'payer', names: words('phone mobile msisdn telefon telephone telefono telefoon handy movil') },
  {
    key: 'device',
    role: 'means',
    names: words('device deviceinfo devicefingerprint fingerprint gerat geraet appareil dispositivo apparaat'),
  },
  { key: 'ip', role: 'means', names: words('ip ipaddress ipaddr ipadresse adresseip direccionip indirizzoip ipadres') },
  { key: 'terminal', role: 'payee', names: words('terminal pos atm geldautomat terminale') },
  {
    key: 'merchant',
    role: 'payee',
    names: words(
      'merchant store shop seller vendor merchantname storename shopname sellername vendorname handler haendler handlername haendlername commerce commercant marchand comercio comerciante tienda ' +
        'esercente negozio winkel',
    ),
  },
  {
    key: 'recipient',
    role: 'payee',
    names: words(
      'recipient namedest beneficiary payee receiver accountto empfanger empfaenger beneficiaire destinataire ' +
        'beneficiario destinatario ontvanger',
    ),
  },
]

/** Personal data that no model here is shown: who somebody is, and what law keeps decisions from resting on. */
const personalNames = new Set(
  words(
    'first last name firstname lastname fullname surname street address dob birthdate dateofbirth ssn gender sex age ' +
      'race ethnicity religion nationality maritalstatus ' +
      'vorname nachname kundenname strasse adresse anschrift geburtsdatum geburtstag geschlecht alter nationalitat ' +
      'staatsangehorigkeit familienstand prenom nom rue datenaissance datedenaissance sexe nationalite etatcivil ' +
      'nombre apellido apellidos calle direccion fechanacimiento fechadenacimiento sexo edad nacionalidad dni ' +
      'nome cognome indirizzo datanascita datadinascita sesso eta nazionalita codicefiscale ' +
      'voornaam achternaam geboortedatum geslacht leeftijd',
  ),
)

/** What tells of a person without being a name: two or three of them together often fit one person alone. */
const quasiPersonalNames =
  /^(job(title)?|occupation|profession|employer|income|salary|education|zip\w*|post\w*code|postal\w*|addr\d|city|town|county|plz|postleitzahl|ort|wohnort|stadt|beruf|codepostal|ville|codigopostal|ciudad|cap|citta|woonplaats)$/

/** Columns of numbers that are codes of places or kinds: they have no order. */
const codeNames =
  /^(zip\w*|post\w*code|postal\w*|addr\d|mcc|card[2-6]|bin|cardbin|country\w*|region\w*|state|city|plz|postleitzahl|blz|bankleitzahl|codepostal|codigopostal|filiale|agence|sucursal)$/

/** What a name of a key may begin or end with that only says that it names something. */
const naming = {
  front: /^(id|numero|num|nr|no|codigo|codice|code|cod)(de|del|della|du)?/,
  back: /(id|num|number|nummer|numero|nr|no|key|token|hash|kennung)$/,
}

/** Names without what only says that they name something. */
function bareNames(column: string): readonly string[] {
  return plainNames(column).flatMap((plain) => {
    const bare = plain.replace(naming.back, '')
    return [plain, bare, bare.replace(naming.back, ''), plain.replace(naming.front, '')]
  })
}

export function knownKeyOf(column: string): { readonly key: string; readonly role: KeyRole } | undefined {
  const bare = bareNames(column)
  return knownKeys.find(({ names }) => bare.some((name) => names.includes(name)))
}

export function roleOf(key: string): KeyRole | undefined {
  return knownKeys.find((known) => known.key === key)?.role
}

export function orderOf(key: string): number {
  return knownKeys.findIndex((known) => known.key === key)
}

/** Whether a column tells who somebody is, unless it is about who is paid. */
export function isPersonal(column: string): boolean {
  const [whole, ...parts] = plainNames(column)
  const owner = knownKeyOf(column.split('.').slice(0, -1).join('.'))
  const isNameOfPayer = owner?.role === 'payer' && parts.at(-1) === 'name'
  if (personalNames.has(whole) || isNameOfPayer) return true
  return owner?.role !== 'payee' && parts.some((part) => personalNames.has(part))
}

/** Whether a column that is no key may still give a person away. */
export function isQuasiPersonal(column: string): boolean {
  return plainNames(column).some((name) => quasiPersonalNames.test(name))
}

export function isCode(column: string): boolean {
  return plainNames(column).some((name) => codeNames.test(name))
}

/** A balance as it is once the transaction is booked, which is after it was decided. */
export function isAfterwards(column: string): boolean {
  return /^new_?balance/i.test(column) || /balance_?(after|new)$/i.test(column)
}

/** A column's name as a name within a detector. */
export function declaredName(column: string): string {
  const snake = withoutAccents(column.replace(/([a-z0-9])([A-Z])/g, '$1_$2'))
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
  return snake.slice(0, 40) || 'field'
}

function words(text: string): readonly string[] {
  return text.split(' ')
}
