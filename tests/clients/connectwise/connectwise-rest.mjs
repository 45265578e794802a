// connectwise-rest 1.3.0 (axios): pages by number until one is short; brackets, commas and colons unencoded.

import assert from 'node:assert/strict'
import cwRest from 'connectwise-rest'

const { ManageAPI } = cwRest
const access = JSON.parse(process.env.SANDBOX).connectwise
const CODEBASE = 'v4_6_release'
const base = `${access.url}/${CODEBASE}/apis/3.0`
const user = `${access.companyId}+${access.publicKey}:${access.privateKey}`
const headers = { authorization: `Basic ${Buffer.from(user).toString('base64')}`, clientId: access.clientId }

async function get(path, parameters, more = {}) {
  const answer = await fetch(`${base}/${path}?${new URLSearchParams(parameters)}`, {
    headers: { ...headers, ...more },
    signal: AbortSignal.timeout(20_000),
  })
  assert.equal(answer.status, 200, path)
  return answer.json()
}

// Every record by id, as many as the count says.
async function held(path) {
  const rows = []
  for (;;) {
    const after = rows.at(-1)?.id ?? 0
    const page = await get(path, { pageSize: 200, pageId: after }, { 'pagination-type': 'forward-only' })
    if (page.length === 0) break
    rows.push(...page)
  }
  const { count } = await get(`${path}/count`, {})
  assert.equal(rows.length, count, path)
  return rows
}

// The library insists on https; a simulator on this machine has none. Every section has an axios of its own.
function opened(changes = {}) {
  const api = new ManageAPI({
    companyId: access.companyId,
    companyUrl: new URL(access.url).host,
    publicKey: access.publicKey,
    privateKey: access.privateKey,
    clientId: access.clientId,
    entryPoint: CODEBASE,
    ...changes,
  })
  for (const section of [api, api.CompanyAPI, api.SystemAPI]) section.instance.defaults.baseURL = base
  return api
}

const tally = { passed: 0, failed: 0 }

async function same(what, listed, expected) {
  try {
    assert.deepEqual(await listed, expected)
    tally.passed += 1
    console.log(`connectwise-rest: ${what}: the same (${Array.isArray(expected) ? `${expected.length} rows` : expected})`)
  } catch (error) {
    tally.failed += 1
    console.log(`connectwise-rest: ${what}: DIFFERENT\n${String(error.message ?? error.status).slice(0, 800)}`)
  }
}

const api = opened()
const company = api.CompanyAPI
const companies = await held('company/companies')
const contacts = await held('company/contacts')
const ids = (rows) => rows.map((row) => row.id)

await same('companies', api.paginate(company.getCompanyCompanies, { pageSize: 100 }, {}), companies)
await same('contacts', api.paginate(company.getCompanyContacts, { pageSize: 1000 }, { orderBy: 'id asc' }), contacts)
const counted = company.getCompanyCompaniesCount({}).then(({ count }) => count)
await same('companies counted', counted, companies.length)
await same('types', company.getCompanyCompaniesTypes({}), await held('company/companies/types'))
await same('statuses', company.getCompanyCompaniesStatuses({}), await held('company/companies/statuses'))
await same('contact types', company.getCompanyContactsTypes({}), await held('company/contacts/types'))
await same('communication types', company.getCompanyCommunicationTypes({}), await held('company/communicationTypes'))
await same(
  'companies changed',
  api.paginate(
    company.getCompanyCompanies,
    { pageSize: 10 },
    { conditions: "lastUpdated > [2024-06-01T00:00:00Z] and status/name = 'Active' and deletedFlag = false" },
  ),
  companies.filter(
    (row) => row._info.lastUpdated > '2024-06-01T00:00:00Z' && row.status.name === 'Active' && !row.deletedFlag,
  ),
)
const value = 'communicationItems/value like "%.example" AND communicationItems/communicationType = "Email"'
await same(
  'contacts by address',
  api.paginate(company.getCompanyContacts, { pageSize: 50 }, { childConditions: value, fields: 'id' }).then(ids),
  ids(
    // A contact without any has no such field.
    contacts.filter((row) =>
      row.communicationItems?.some(
        (item) => item.communicationType === 'Email' && item.value.toLowerCase().endsWith('.example'),
      ),
    ),
  ),
)
const items = company.getCompanyContactsByParentIdCommunications(contacts[0].id, {}).then(ids)
await same('communications', items, ids(contacts[0].communicationItems ?? []).sort((a, b) => a - b))
await same('server', api.SystemAPI.getSystemInfo({}).then(({ version }) => version[0]), 'v')

const status = (call) => call.then(() => 'an answer', (error) => error.status)
const wrong = opened({ privateKey: 'wrong' })
await same('a wrong key', status(wrong.CompanyAPI.getCompanyCompanies({})), 401)
await same('no such name', status(company.getCompanyCompanies({ conditions: 'invoiceDate = 1' })), 400)

console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed > 0 || tally.passed === 0 ? 1 : 0)
