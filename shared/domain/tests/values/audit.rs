//! What an entry of the audit trail tells of.

use domain::audit::AuditAction;
use domain::ids::PsaCompanyId;
use domain::plan::PlanCompany;

#[test]
fn r41_an_entry_tells_of_as_many_rows_as_it_has_changes() {
    let imported = AuditAction::CompanyImported {
        company: PlanCompany {
            id: PsaCompanyId::new("1"),
            name: "Acme".to_owned(),
        },
        changes: Vec::new(),
    };
    assert_eq!((imported.rows(), imported.name()), (0, "company"));
    let stopped = AuditAction::ImportStopped;
    assert_eq!((stopped.rows(), stopped.name()), (1, "stopped"));
    let signed_in = AuditAction::SignedIn;
    assert_eq!((signed_in.rows(), signed_in.name()), (1, "signed-in"));
}
