// Reads all companies and contacts with @apigrate/autotask-restapi: `SANDBOX=… node apigrate.mjs documented|best`.

import { AutotaskRestApi } from '@apigrate/autotask-restapi'

const access = JSON.parse(process.env.SANDBOX).autotask
const COMPANY_FIELDS =
  'id companyName companyType companyCategoryID classification marketSegmentID isActive webAddress'.split(' ')
const CONTACT_FIELDS = 'id companyID firstName lastName emailAddress emailAddress2 emailAddress3 isActive'.split(' ')
const PAGE = 500

const api = new AutotaskRestApi(access.username, access.secret, access.integrationCode, {
  base_url: `${access.url}/atservicesrest/`,
})

// One query for everything; the library has no paging.
async function documented(entity) {
  const { items } = await entity.query({ filter: [{ op: 'gte', field: 'id', value: 0 }] })
  return items.length
}

// By id in the largest pages, only what an import reads, and no row kept.
async function best(entity, includeFields) {
  let [rows, after] = [0, -1]
  for (;;) {
    const filter = [{ op: 'gt', field: 'id', value: after }]
    const { items } = await entity.query({ filter, includeFields, MaxRecords: PAGE })
    rows += items.length
    if (items.length < PAGE) return rows
    after = items.at(-1).id
  }
}

const rows =
  process.argv[2] === 'documented'
    ? [await documented(api.Companies), await documented(api.Contacts)]
    : await Promise.all([best(api.Companies, COMPANY_FIELDS), best(api.Contacts, CONTACT_FIELDS)])
console.log(rows[0] + rows[1])
