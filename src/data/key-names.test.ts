import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountNames, currencyInName, plainName, plainNames } from './column-names.ts'
import { declaredName, isCode, isPersonal, isQuasiPersonal, knownKeyOf } from './key-names.ts'

test('a name is compared without accents, brackets and marks, a nested one by its last parts, too', () => {
  const names = ['Händler', 'Währung (ISO)', 'N° opération', 'Straße', 'is_fraud', '(EUR)']
  assert.deepEqual(names.map(plainName), ['handler', 'wahrung', 'nooperation', 'strasse', 'isfraud', 'eur'])
  assert.deepEqual(plainNames('payment.card.token'), ['paymentcardtoken', 'cardtoken', 'token'])
  assert.deepEqual(
    ['Betrag (EUR)', 'Betrag in EUR', 'Betrag_EUR'].map((name) => amountNames(name).at(-1)),
    ['betrag', 'betrag', 'betrag'],
  )
  assert.deepEqual(['Betrag (EUR)', 'Montant €', 'amount_usd', 'amount'].map(currencyInName), [
    'EUR',
    'EUR',
    undefined,
    undefined,
  ])
})

test('keys are known by their names in several languages', () => {
  const byKey = {
    card: ['cc_num', 'card1', 'Kartennummer', 'Numéro de carte', 'tarjeta', 'payment.card.token', 'Kartennummer_Token'],
    customer: ['customer_id', 'nameOrig', 'Kundennummer', 'Kunden-Nr.', 'KdNr', 'Client', 'id_cliente', 'customer.id'],
    account: ['account', 'IBAN', 'Kontonummer', 'N° compte', 'cuenta'],
    merchant: [
      'merchant',
      'shop.name',
      'merchant_name',
      'Händler',
      'Haendler-ID',
      'Commerce',
      'Code commerçant',
      'Comercio',
      'Esercente',
    ],
    recipient: ['nameDest', 'Empfänger', 'bénéficiaire'],
    ip: ['IP-Adresse', 'device.ip'],
  }
  for (const [key, names] of Object.entries(byKey)) {
    for (const name of names) assert.equal(knownKeyOf(name)?.key, key, name)
  }
  const others = ['Zähler', 'merchant.country', 'num_items', 'card_country', 'Betrag', 'category', 'note', 'nodes']
  for (const name of others) assert.equal(knownKeyOf(name), undefined, name)
})

test('what tells of a person is known in several languages, and of a merchant it is not personal', () => {
  const personal = ['first', 'Geburtsdatum', 'Date de naissance', 'prénom', 'Dirección', 'customer.gender', 'user.name']
  for (const name of personal) assert.ok(isPersonal(name), name)
  for (const name of ['merchant.address', 'merchant.name', 'amount', 'type']) assert.ok(!isPersonal(name), name)
  for (const name of ['zip', 'PLZ', 'Code postal', 'ciudad']) assert.ok(isQuasiPersonal(name), name)
  for (const name of ['addr1', 'mcc', 'PLZ', 'card.bin', 'post_code']) assert.ok(isCode(name), name)
  assert.deepEqual(['Händler', 'nameOrig', 'N° opération'].map(declaredName), ['handler', 'name_orig', 'n_operation'])
})
