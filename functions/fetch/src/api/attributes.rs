//! `/integrations/{i}/attributes` (R6)

use api::{
    Api, Call, CallerWith, Json, List, PageQuery, Path, Routes, State, admit_psa_call, find_integration,
    read_attributes,
};
use domain::filter::Attribute;
use domain::ids::IntegrationId;
use domain::problem::Code;
use lambda::Services;
use serde_json::json;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/integrations/{i}/attributes", list, || {
        let example = json!({
            "items": [{
                "id": "companyType", "subject": "company", "label": "Company type",
                "values": [{ "id": "1", "label": "Client", "active": true }, { "id": "9", "label": "Prospect", "active": false }],
            }],
            "next": null,
        });
        Call::new("listAttributes", "Lists the attributes that the PSA can be filtered by, with their values")
            .query::<PageQuery>()
            .answers::<List<Attribute>>(200, example)
            .refuses(&[Code::IntegrationNotFound])
            .reads_psa()
    })
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<Attribute>>> {
    let integration = find_integration(&services.tenant(&caller.msp), &id).await?;
    let deadline = admit_psa_call(&services, &caller.msp).await?;
    let attributes = read_attributes(&services, &caller.msp, &integration, deadline).await?;
    Ok(Json(List::counted(attributes, &page)?))
}
