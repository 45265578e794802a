// @apigrate/autotask-restapi 2.0.1: finds the zone by itself, sends bodies as they are given, has no paging.

import assert from 'node:assert/strict'
import { AutotaskApiError, AutotaskRestApi } from '@apigrate/autotask-restapi'

const access = JSON.parse(process.env.SANDBOX).autotask
const base = `${access.url}/ATServicesRest/V1.0`
const headers = {
  'content-type': 'application/json',
  username: access.username,
  secret: access.secret,
  apiintegrationcode: access.integrationCode,
}

async function call(path, body) {
  const method = body ? 'POST' : 'GET'
  const signal = AbortSignal.timeout(20_000)
  const answer = await fetch(`${base}/${path}`, { method, headers, signal, body: body && JSON.stringify(body) })
  assert.equal(answer.status, 200, path)
  return answer.json()
}

const everything = { filter: [{ op: 'exist', field: 'id' }] }

// Every record by id, in pages of this size.
async function byId(query, size, more = {}) {
  const rows = []
  for (;;) {
    const filter = [{ op: 'gt', field: 'id', value: rows.at(-1)?.id ?? -1 }]
    const { items } = await query({ filter, MaxRecords: size, ...more })
    rows.push(...items)
    if (items.length < size) return rows
  }
}

// As many as the count says, or the simulator contradicts itself.
async function held(entity) {
  const rows = await byId((search) => call(`${entity}/query`, search), 200)
  const { queryCount } = await call(`${entity}/query/count`, everything)
  assert.equal(rows.length, queryCount, entity)
  return rows
}

function opened(changes = {}) {
  const { username, secret, integrationCode } = { ...access, ...changes }
  return new AutotaskRestApi(username, secret, integrationCode, { base_url: `${access.url}/atservicesrest/` })
}

const tally = { passed: 0, failed: 0 }

async function same(what, listed, expected) {
  try {
    assert.deepEqual(await listed, expected)
    tally.passed += 1
    const size = Array.isArray(expected) ? `${expected.length} rows` : JSON.stringify(expected).slice(0, 60)
    console.log(`apigrate: ${what}: the same (${size})`)
  } catch (error) {
    tally.failed += 1
    console.log(`apigrate: ${what}: DIFFERENT\n${String(error.message).slice(0, 800)}`)
  }
}

// The status and first error text of a call that must fail.
async function failure(promise) {
  try {
    return await promise
  } catch (error) {
    if (!(error instanceof AutotaskApiError)) throw error
    return [error.status, error.details?.errors?.[0] ?? error.details]
  }
}

const api = opened()
const companies = await held('Companies')
const contacts = await held('Contacts')

await same('companies', byId(api.Companies.query, 500), companies)
await same('contacts', byId(api.Contacts.query, 500), contacts)
// Small pages, but not so many that the tenant's hourly limit is reached.
const size = Math.min(500, Math.max(7, Math.trunc(contacts.length / 50)))
await same(`contacts by ${size}`, byId(api.Contacts.query, size), contacts)
await same('the zone', Promise.resolve(api.zoneInfo.url), `${access.url}/ATServicesRest/`)
await same('companies counted', api.Companies.count(everything), { queryCount: companies.length })
await same('contacts counted', api.Contacts.count(everything), { queryCount: contacts.length })

const projection = { includeFields: ['emailAddress', 'ID', 'companyid'] }
const projected = contacts.map(({ id, companyID, emailAddress }) => ({
  id,
  companyID,
  emailAddress,
  userDefinedFields: [],
}))
await same('a projection', byId(api.Contacts.query, 500, projection), projected)

const filter = [
  { op: 'or', items: [{ op: 'eq', field: 'companyType', value: 1 }, { op: 'eq', field: 'companyType', value: 7 }] },
  { op: 'eq', field: 'isActive', value: true },
]
const wanted = companies.filter((company) => company.isActive && [1, 7].includes(company.companyType))
const listed = api.Companies.query({ filter }).then(({ items }) => items)
await same('active customers and vendors', listed, wanted.slice(0, 500))

await same('the MSP itself', api.Companies.get(0), { item: companies[0] })
await same('no such company', api.Companies.get(1), { item: null })
await same('company', api.Companies.info(), await call('Companies/entityInformation'))
await same('company fields', api.Companies.fieldInfo(), await call('Companies/entityInformation/fields'))
await same('its own fields', api.Companies.udfInfo(), await call('Companies/entityInformation/userDefinedFields'))
const fields = (await api.Companies.fieldInfo()).fields
const types = fields.find(({ name }) => name === 'companyType').picklistValues.map(({ value }) => Number(value))
await same('company types', Promise.resolve(types), [1, 2, 3, 4, 6, 7, 8])
await same('threshold', api.ThresholdInformation.get('').then((used) => used.requestThresholdTimeframe), 60)

const unknown = { filter: [{ op: 'eq', field: 'Active', value: true }] }
const text = 'Unable to find Active in the Contact Entity'
await same('a field that is none', failure(api.Contacts.query(unknown)), [500, text])
const none = [500, 'Value cannot be null.\r\nParameter name: filters']
await same('no filter', failure(api.Companies.query({})), none)
await same('a wrong secret', failure(opened({ secret: 'wrong' }).Companies.get(0)), [401, ''])

console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed > 0 || tally.passed === 0 ? 1 : 0)
