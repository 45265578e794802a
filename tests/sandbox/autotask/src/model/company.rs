//! The entity `Company`.

use simkit::msp::{Company, Kind as Role, Msp};

use super::{
    Cell, Field, Kind, Model, Udf, UdfKind, boolean, int, moment,
    picklists::{CATEGORY, CLASSIFICATION, COMPANY_TYPE, COMPETITOR, LEAD_SOURCE, MARKET_SEGMENT, TERRITORY},
    text, time,
};

/// The id of the company with this number; the MSP's own organization has 0.
pub fn id(number: u32) -> i64 {
    if number == 1 { 0 } else { 29_683_000 + i64::from(number) }
}

fn at(msp: &Msp, index: usize) -> &Company {
    &msp.companies[index]
}

pub fn model() -> Model {
    Model {
        name: "Company",
        plural: "Companies",
        fields: fields(),
        udfs: udfs(),
        can_create: true,
        can_delete: false,
        modified: Some("lastTrackedModifiedDateTime"),
        created: &["createDate", "lastActivityDate"],
    }
}

fn fields() -> Vec<Field> {
    let mut fields = identity_and_billing();
    fields.extend(trade());
    fields.extend(state_and_dates());
    fields.extend(rest());
    fields
}

fn identity_and_billing() -> Vec<Field> {
    vec![
        Field::new("id", Kind::Long)
            .required()
            .read_only()
            .holds(|msp, i| Cell::Int(id(at(msp, i).number))),
        text("additionalAddressInformation", 100).empty(),
        text("address1", 128).holds(|msp, i| Cell::Text(format!("{} {}", STREETS[i % 5], at(msp, i).number).into())),
        text("address2", 128).blank(),
        text("alternatePhone1", 25).empty(),
        text("alternatePhone2", 25).empty(),
        int("apiVendorID"),
        Field::new("assetValue", Kind::Double)
            .read_only()
            .not_queryable()
            .holds(|_, i| match i % 6 {
                0 => Cell::Float(1_250.5),
                _ => Cell::Null,
            }),
        int("billToCompanyLocationID").to("CompanyLocation"),
        text("billToAdditionalAddressInformation", 100).empty(),
        text("billingAddress1", 150).empty(),
        text("billingAddress2", 150).empty(),
        int("billToAddressToUse").holds(|_, _| Cell::Int(1)),
        text("billToAttention", 50).empty(),
        text("billToCity", 50).holds(|msp, i| Cell::text(at(msp, i).city)),
        int("billToCountryID").to("Country"),
        text("billToState", 128).empty(),
        text("billToZipCode", 50).empty(),
        text("city", 30).holds(|msp, i| Cell::text(at(msp, i).city)),
    ]
}

const STREETS: [&str; 5] = [
    "Havenweg",
    "Kerkstraat",
    "Bahnhofstraße",
    "Rue de l'Église",
    "Harbour Road",
];

fn trade() -> Vec<Field> {
    vec![
        int("classification")
            .of(CLASSIFICATION)
            .holds(|_, i| choice(CLASSIFICATION, i, 6)),
        int("companyCategoryID")
            .to("CompanyCategory")
            .of(CATEGORY)
            .holds(|_, i| Cell::Int(CATEGORIES[i % 10])),
        text("companyName", 100)
            .required()
            .holds(|msp, i| Cell::text(&at(msp, i).name)),
        text("companyNumber", 50).holds(|msp, i| match i % 3 {
            0 => Cell::Text(format!("C{:05}", at(msp, i).number).into()),
            1 => Cell::text(""),
            _ => Cell::Null,
        }),
        Field::new("companyType", Kind::Short)
            .required()
            .of(COMPANY_TYPE)
            .default(Cell::Int(1))
            .holds(|msp, i| Cell::Int(company_type(at(msp, i)))),
        int("competitorID")
            .of(COMPETITOR)
            .holds(|_, i| choice(COMPETITOR, i, 11)),
        int("countryID")
            .to("Country")
            .holds(|_, i| if i % 4 == 0 { Cell::Null } else { Cell::Int(145) }),
    ]
}

/// Most companies are in the default category; 4 is inactive.
const CATEGORIES: [i64; 10] = [1, 1, 1, 2, 1, 3, 1, 4, 1, 5];

/// One value in turn; of every `cycle` companies those beyond the choices have none.
fn choice(choices: &[super::Choice], index: usize, cycle: usize) -> Cell<'static> {
    choices
        .get(index % cycle)
        .map_or(Cell::Null, |choice| Cell::Int(choice.value))
}

fn company_type(company: &Company) -> i64 {
    match company.kind {
        Role::Customer => 1,
        Role::Lead => 2,
        Role::Prospect => 3,
        Role::Dead if company.number.is_multiple_of(3) => 6,
        Role::Dead => 4,
        Role::Vendor => 7,
        Role::Partner => 8,
    }
}

fn state_and_dates() -> Vec<Field> {
    vec![
        time("createDate").read_only().holds(|_, i| moment(i, 1)),
        int("createdByResourceID")
            .read_only()
            .to("Resource")
            .holds(|_, _| Cell::Int(29_682_885)),
        int("currencyID").to("Currency").holds(|_, _| Cell::Int(1)),
        text("fax", 25).empty(),
        int("impersonatorCreatorResourceID").read_only().to("Resource"),
        int("invoiceEmailMessageID").holds(|_, _| Cell::Int(1)),
        int("invoiceMethod").holds(|_, i| if i % 2 == 0 { Cell::Int(2) } else { Cell::Null }),
        boolean("invoiceNonContractItemsToParentCompany"),
        int("invoiceTemplateID").holds(|_, _| Cell::Int(102)),
        boolean("isActive")
            .required()
            .default(Cell::Bool(true))
            .holds(|msp, i| Cell::Bool(at(msp, i).active)),
        boolean("isClientPortalActive").holds(|_, i| Cell::Bool(i % 3 == 0)),
        boolean("isEnabledForComanaged"),
        boolean("isSample"),
        boolean("isTaskFireActive"),
        boolean("isTaxExempt"),
        time("lastActivityDate").read_only().holds(|_, i| moment(i, 2)),
        time("lastTrackedModifiedDateTime")
            .read_only()
            .holds(|_, i| moment(i, 3)),
        int("marketSegmentID")
            .of(MARKET_SEGMENT)
            .holds(|msp, i| market_segment(at(msp, i))),
        int("ownerResourceID")
            .required()
            .to("Resource")
            .holds(|_, i| Cell::Int([29_682_885, 29_682_891][i % 2])),
        int("parentCompanyID").to("Company"),
    ]
}

fn market_segment(company: &Company) -> Cell<'static> {
    match company.segment {
        _ if company.number.is_multiple_of(19) => Cell::Int(29_682_906),
        0 => Cell::Null,
        segment => Cell::Int(29_682_900 + i64::from(segment)),
    }
}

fn rest() -> Vec<Field> {
    vec![
        text("phone", 25)
            .required()
            .holds(|msp, i| Cell::Text(format!("+31 223 {:06}", at(msp, i).number).into())),
        text("postalCode", 10).empty(),
        int("purchaseOrderTemplateID"),
        int("quoteEmailMessageID").holds(|_, _| Cell::Int(2)),
        int("quoteTemplateID").holds(|_, _| Cell::Int(1)),
        text("sicCode", 32).empty(),
        text("state", 40).blank(),
        text("stockMarket", 10).empty(),
        text("stockSymbol", 10).empty(),
        Field::new("surveyCompanyRating", Kind::Double).read_only(),
        text("taxID", 50).holds(|_, i| if i % 2 == 0 { Cell::text(" ") } else { Cell::Null }),
        int("taxRegionID").to("TaxRegion").holds(|_, _| Cell::Int(1)),
        int("territoryID").of(TERRITORY).holds(|_, i| choice(TERRITORY, i, 4)),
        text("webAddress", 255).holds(|msp, i| at(msp, i).website.as_deref().map_or(Cell::Null, Cell::text)),
    ]
}

fn udfs() -> Vec<Udf> {
    let udf = |name, kind, generated| Udf {
        name,
        kind,
        choices: None,
        generated,
    };
    vec![
        udf("CRM ID", UdfKind::Text, |_, i| Some(format!("EB25C34C-{i:04}"))),
        udf("Discount", UdfKind::Double, |_, i| {
            (i % 3 != 0).then(|| format!("0.{:04}", i % 4 * 500))
        }),
        Udf {
            choices: Some(LEAD_SOURCE),
            ..udf("Lead Source", UdfKind::Text, |_, i| {
                (i % 4 != 0).then(|| (i % 4).to_string())
            })
        },
        udf("Number of Employees", UdfKind::Double, |_, i| {
            (i % 2 == 0).then(|| format!("{}.0000", i * 3 % 250))
        }),
        udf("Contract End", UdfKind::DateTime, |_, i| {
            (i % 5 == 0).then(|| format!("20{}-06-30T00:00:00Z", 20 + i % 10))
        }),
    ]
}
