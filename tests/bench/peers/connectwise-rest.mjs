// Reads all companies and contacts with connectwise-rest: `SANDBOX=… node connectwise-rest.mjs documented|best`.

import cwRest from 'connectwise-rest'

const access = JSON.parse(process.env.SANDBOX).connectwise
const CODEBASE = 'v4_6_release'
const COMPANY_FIELDS = 'id,identifier,name,status,types,deletedFlag,website'
const CONTACT_FIELDS = 'id,firstName,lastName,company,inactiveFlag,types,communicationItems'

const api = new cwRest.ManageAPI({
  companyId: access.companyId,
  companyUrl: new URL(access.url).host,
  publicKey: access.publicKey,
  privateKey: access.privateKey,
  clientId: access.clientId,
  entryPoint: CODEBASE,
})
const company = api.CompanyAPI
// The library insists on https; a simulator on this machine has none. Every section has an axios of its own.
for (const section of [api, company]) section.instance.defaults.baseURL = `${access.url}/${CODEBASE}/apis/3.0`

// One list after the other, in the pages that it asks for by itself.
async function documented() {
  const companies = await api.paginate(company.getCompanyCompanies, {}, {})
  const contacts = await api.paginate(company.getCompanyContacts, {}, {})
  return [companies, contacts]
}

// Only what an import reads, both lists at once.
function best() {
  return Promise.all([
    api.paginate(company.getCompanyCompanies, { pageSize: 1000 }, { fields: COMPANY_FIELDS }),
    api.paginate(company.getCompanyContacts, { pageSize: 1000 }, { fields: CONTACT_FIELDS }),
  ])
}

const [companies, contacts] = await (process.argv[2] === 'documented' ? documented() : best())
console.log(companies.length + contacts.length)
