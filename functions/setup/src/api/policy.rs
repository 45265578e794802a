//! `/integrations/{i}/policy` (R48)

use api::{Api, Body, Call, Caller, Json, Path, Routes, State, admit_psa_call, find_integration, read_attributes};
use domain::ids::IntegrationId;
use domain::policy::Policy;
use domain::problem::{Code, Mistake, Problem};
use domain::reading::FULL_READ_HOURS_RANGE;
use lambda::Services;

use super::view::{self, IntegrationView};

pub fn routes<R: Routes>(to: R) -> R {
    to.put("/integrations/{i}/policy", replace, || {
        Call::new(
            "replacePolicy",
            "Replaces the policy: what unattended imports may do, and when they run",
        )
        .body::<Policy>(view::policy())
        .answers::<IntegrationView>(200, view::integration())
        .refuses(&[Code::IntegrationNotFound, Code::InvalidFilter])
        .reads_psa()
    })
}

async fn replace(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    Body(policy): Body<Policy>,
) -> Api<Json<IntegrationView>> {
    let tenant = services.tenant(&caller.msp);
    let integration = find_integration(&tenant, &id).await?;
    check(&policy)?;
    if !policy.filter.0.is_empty() {
        let deadline = admit_psa_call(&services, &caller.msp).await?;
        let attributes = read_attributes(&services, &caller.msp, &integration, deadline).await?;
        policy.filter.check(&attributes).map_err(Problem::from)?;
    }
    let now = services.clock.now();
    tenant.set_policy(&id, &policy, &caller.person, now).await?;
    let changed = find_integration(&tenant, &id).await?;
    Ok(Json(IntegrationView::of(&services, &caller.msp, changed).await?))
}

/// What the type of a policy cannot say.
fn check(policy: &Policy) -> Result<(), Problem> {
    if policy.mass_change.percent > 100 {
        return Err(Problem::invalid("/massChange/percent", Mistake::TooLarge(100)));
    }
    if !FULL_READ_HOURS_RANGE.contains(&policy.full_read_hours) {
        let (least, most) = (*FULL_READ_HOURS_RANGE.start(), *FULL_READ_HOURS_RANGE.end());
        let mistake = Mistake::OutOfRange(least.into(), most.into());
        return Err(Problem::invalid("/fullReadHours", mistake));
    }
    let schedule = policy.schedule.as_ref();
    if schedule.is_some_and(|schedule| !schedule.has_known_zone()) {
        return Err(Problem::invalid("/schedule/timeZone", Mistake::UnknownTimeZone));
    }
    Ok(())
}
